import type { Brand } from "../brand/brand.ts";

/** The name of a user or organisation: the first part of a repo id. Compared exactly; unique without regard to case. */
export type AccountName = Brand<string, "AccountName">;

/** Names that would collide with a route or a resource prefix of the Hub. */
const RESERVED: ReadonlySet<string> = new Set([
  "api",
  "oauth",
  "models",
  "datasets",
  "spaces",
  "kernels",
  "buckets",
  "errors",
  "settings",
  "login",
  "logout",
  "join",
  "healthz",
  "readyz",
  "metrics",
  "assets",
  "static",
  "setup",
  "admin",
  "resolve",
  "raw",
  "tree",
  "blob",
  "postern",
  "lfs",
]);

/**
 * Letters, digits and single inner `-`, 2 to 42 characters, ASCII only, not reserved.
 *
 * @returns `undefined` when `text` is anything else; nothing is trimmed, decoded or folded.
 */
export function parseAccountName(text: string): AccountName | undefined {
  if (text.length < 2 || text.length > 42) return undefined;
  if (!/^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/.test(text)) return undefined;
  if (RESERVED.has(text.toLowerCase())) return undefined;
  return text as AccountName;
}
