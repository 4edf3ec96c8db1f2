import { createHash } from "node:crypto";

/** A nine-digit id that is the same on every run for the same kind and name, and differs between kinds. */
export function stableId(kind: string, name: string): string {
  const digest = createHash("sha256").update(`${kind}\0${name}`).digest();
  return String(100_000_000 + (digest.readUIntBE(0, 6) % 900_000_000));
}

/** A commit id (40 hex digits) that is the same on every run for the same name. */
export function stableCommit(name: string): string {
  return createHash("sha1").update(`commit\0${name}`).digest("hex");
}
