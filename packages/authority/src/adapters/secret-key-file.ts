import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { RandomBytes } from "../tokens/random-bytes.ts";

const SECRET_LENGTH = 32;

/**
 * The secret that seals private keys, from `<data>/secret.key`: 32 random bytes in base64url, made at the first start with mode 0600.
 *
 * @throws {Error} when the file holds something else; it is never replaced, because the stored keys would be lost with it.
 */
export function loadSecretKey(path: string, randomBytes: RandomBytes): Uint8Array {
  createOnce(path, randomBytes);
  const secret = Buffer.from(readFileSync(path, "ascii").trim(), "base64url");
  if (secret.length !== SECRET_LENGTH)
    throw new Error(`${path} must hold ${SECRET_LENGTH} bytes in base64url; restore it from a backup`);
  return secret;
}

function createOnce(path: string, randomBytes: RandomBytes): void {
  let descriptor: number;
  try {
    // `wx`: an existing file is left alone, and a link in its place is not followed.
    descriptor = openSync(path, "wx", 0o600);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
    throw error;
  }
  try {
    writeSync(descriptor, `${Buffer.from(randomBytes(SECRET_LENGTH)).toString("base64url")}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncDirectory(dirname(path));
}

/** A new file survives a power cut only once its directory does. */
function syncDirectory(path: string): void {
  // Windows cannot open a directory, and does not need this.
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
