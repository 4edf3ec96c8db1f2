import { createHash } from "node:crypto";
import { type IssuerKey, publicMembers } from "./key-set.ts";

/** A key that is held back is asked about by every token. */
const KNOWN = new WeakMap<IssuerKey, string>();

/** RFC 7638 §3.2: the required members, sorted, without blanks. */
export function thumbprintOfKey(key: IssuerKey): string {
  const known = KNOWN.get(key);
  if (known !== undefined) return known;
  const members = Object.entries(publicMembers(key.jwk)).sort(([a], [b]) => (a < b ? -1 : 1));
  const thumbprint = createHash("sha256")
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest("base64url");
  KNOWN.set(key, thumbprint);
  return thumbprint;
}

/** The thumbprints of a key set, sorted, each once. */
export function thumbprintsOf(keys: readonly IssuerKey[]): readonly string[] {
  return [...new Set(keys.map(thumbprintOfKey))].sort();
}
