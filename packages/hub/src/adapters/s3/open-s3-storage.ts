import { randomBytes } from "node:crypto";
import type { DirectTransfers } from "../../lfs/direct-transfers.ts";
import type { LfsStore } from "../../lfs/lfs-store.ts";
import type { ObjectUpkeep } from "../../lfs/object-upkeep.ts";
import { BucketKeys } from "./bucket-keys.ts";
import { LfsS3Store } from "./lfs-s3-store.ts";
import { S3Bucket } from "./s3-bucket.ts";
import { S3Client, type S3ClientDeps, type S3Settings } from "./s3-client.ts";
import { S3DirectTransfers } from "./s3-direct-transfers.ts";
import { S3Upkeep } from "./s3-upkeep.ts";

/** Everything that an object store does for the hub. */
export interface S3Storage {
  readonly store: LfsStore;
  readonly upkeep: ObjectUpkeep;
  readonly direct: DirectTransfers;
}

/** @param prefix - Before every key; empty, or with a slash at its end. Nothing is asked of the store yet. */
export function openS3Storage(settings: S3Settings, prefix: string, deps: S3ClientDeps): S3Storage {
  const client = new S3Client(settings, deps);
  const bucket = new S3Bucket(client);
  const keys = new BucketKeys(prefix);
  const newToken = (): string => randomBytes(16).toString("hex");
  const upkeep = new S3Upkeep(bucket, keys);
  const store = new LfsS3Store({ bucket, keys, upkeep, newTag: newToken });
  return { store, upkeep, direct: new S3DirectTransfers({ client, bucket, keys, store, newToken }) };
}
