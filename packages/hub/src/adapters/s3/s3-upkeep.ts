import { addSeconds, type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { BranchLocks } from "../../commits/branch-locks.ts";
import type { LfsOid } from "../../lfs/lfs-oid.ts";
import type { ListedObject, ObjectUpkeep, QuarantinedObject } from "../../lfs/object-upkeep.ts";
import type { BucketKeys } from "./bucket-keys.ts";
import type { S3Bucket } from "./s3-bucket.ts";

/** What was uploaded and not settled for this long is given up: far longer than any signed URL lives. */
const INCOMING_LIFETIME_SECONDS = 24 * 3600;

/** The quarantine of a bucket: `quarantine/{SHA-256}`, a copy whose own age is the time it has been there. */
export class S3Upkeep implements ObjectUpkeep {
  readonly #bucket: S3Bucket;
  readonly #keys: BucketKeys;
  /** Moves are a copy and a removal here, so two of one object must not run side by side: one would remove what the other copied. */
  readonly #moves = new BranchLocks();
  readonly #withheld = new Set<LfsOid>();

  constructor(bucket: S3Bucket, keys: BucketKeys) {
    this.#bucket = bucket;
    this.#keys = keys;
  }

  async *list(onForeign?: (path: string) => void): AsyncGenerator<ListedObject> {
    for await (const { key, size } of this.#bucket.list(this.#keys.objects)) {
      const oid = this.#keys.oidOf(key, this.#keys.objects);
      if (oid === undefined) onForeign?.(key);
      else yield { oid, size };
    }
  }

  async *listQuarantined(): AsyncGenerator<QuarantinedObject> {
    for await (const { key, size, modifiedAt } of this.#bucket.list(this.#keys.quarantine)) {
      const oid = this.#keys.oidOf(key, this.#keys.quarantine);
      if (oid !== undefined) yield { oid, size, until: epochSeconds(modifiedAt) };
    }
  }

  quarantine(oid: LfsOid): Promise<"quarantined" | "absent"> {
    return this.#moves.run(oid, async () => {
      const object = await this.#bucket.head(this.#keys.object(oid));
      if (object === undefined) return "absent";
      await this.#bucket.copy(this.#keys.object(oid), this.#keys.quarantined(oid), object.size);
      await this.#bucket.delete(this.#keys.object(oid));
      return "quarantined";
    });
  }

  restore(oid: LfsOid): Promise<"restored" | "absent"> {
    return this.#moves.run(oid, async () => {
      if (this.#withheld.has(oid)) return "absent";
      const [standing, put] = await Promise.all([
        this.#bucket.head(this.#keys.object(oid)),
        this.#bucket.head(this.#keys.quarantined(oid)),
      ]);
      if (standing !== undefined) return "restored";
      if (put === undefined) return "absent";
      await this.#bucket.copy(this.#keys.quarantined(oid), this.#keys.object(oid), put.size);
      await this.#bucket.delete(this.#keys.quarantined(oid));
      return "restored";
    });
  }

  async stands(oid: LfsOid): Promise<boolean> {
    return (await this.#bucket.head(this.#keys.object(oid))) !== undefined;
  }

  withhold(oids: readonly LfsOid[]): Disposable {
    for (const oid of oids) this.#withheld.add(oid);
    return {
      [Symbol.dispose]: () => {
        for (const oid of oids) this.#withheld.delete(oid);
      },
    };
  }

  removeQuarantined(oid: LfsOid): Promise<void> {
    return this.#moves.run(oid, () => this.#bucket.delete(this.#keys.quarantined(oid)));
  }

  async sweepUploads(now: EpochSeconds): Promise<number> {
    const deadline = addSeconds(now, -INCOMING_LIFETIME_SECONDS);
    let removed = 0;
    for (const { key, uploadId, begunAt } of await this.#bucket.openUploads(this.#keys.incoming)) {
      if (begunAt > deadline) continue;
      await this.#bucket.abortUpload(key, uploadId);
      removed += 1;
    }
    for await (const { key, modifiedAt } of this.#bucket.list(this.#keys.incoming)) {
      if (modifiedAt > deadline) continue;
      await this.#bucket.delete(key);
      removed += 1;
    }
    return removed;
  }
}
