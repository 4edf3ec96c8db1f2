import { createHash, randomFillSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

const BLOCK = 8 * 1024 * 1024;

/** Makes a file of `bytes` random bytes. */
export async function makeRandomFile(path: string, bytes: number): Promise<void> {
  await using file = await open(path, "w");
  const block = Buffer.allocUnsafe(BLOCK);
  for (let left = bytes; left > 0; left -= BLOCK) {
    await file.write(randomFillSync(block), 0, Math.min(left, BLOCK));
  }
}

/** Makes the file another object by changing its first bytes. @returns its size in bytes. */
export async function stampFile(path: string, stamp: string): Promise<number> {
  await using file = await open(path, "r+");
  await file.write(stamp.padEnd(32), 0);
  return (await file.stat()).size;
}

/** SHA-256 in lower-case hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest("hex");
}
