import type { Brand } from "@postern/core/brand/brand";

/** The SHA-256 of an LFS object's bytes, as 64 lower-case hexadecimal digits; also its name in the store. */
export type LfsOid = Brand<string, "LfsOid">;

/** @returns `undefined` for anything but 64 lower-case hex digits, so that an oid is always safe as a file name. */
export function parseLfsOid(text: string): LfsOid | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? (text as LfsOid) : undefined;
}
