import { S3Client } from "../../packages/hub/src/adapters/s3/s3-client.ts";
import type { SwiftServer } from "./swift-server.ts";

/** Makes an empty bucket, as an operator does before the first start. */
export async function makeBucket(server: SwiftServer, bucket: string): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const client = new S3Client(
    { endpoint, region, accessKeyId, secretAccessKey, bucket, pathStyle: true },
    { fetch, nowMs: Date.now },
  );
  await (await client.send({ method: "PUT" })).arrayBuffer();
}
