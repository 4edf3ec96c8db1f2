/** Who asks. `reader` and `writer` are members of the repo's organisation, `owner` administers it; all three hold tokens with the write role. */
export const BEARERS = ["nobody", "reader", "writer", "this repo's job", "another repo's job", "owner"] as const;
export type Bearer = (typeof BEARERS)[number];

/** How open the repo is. `gated` is public with a gate that opens by hand. */
export const ACCESSES = ["public", "private", "gated"] as const;
export type Access = (typeof ACCESSES)[number];

/** In the order in which one bearer tries them: whatever ends the repo comes last. */
export const OPERATIONS = [
  "whoami",
  "info",
  "list the tree",
  "check access",
  "download a small file",
  "download a large file",
  "clone",
  "upload small and large files",
  "push",
  "push large files",
  "create a branch",
  "delete a file",
  "open a pull request",
  "open a discussion",
  "list discussions",
  "change settings",
  "delete the repo",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What one client did for one bearer on one repo. */
export type Outcome =
  | { readonly kind: "allowed" }
  /** `error` is what a program would catch: a class with its status, or an exit code. `message` is all that a person reads. */
  | { readonly kind: "refused"; readonly error: string; readonly message: string };

/** What it must have done; `says` is a part of the message. */
export type Expected =
  | { readonly kind: "allowed" }
  | { readonly kind: "refused"; readonly error: string; readonly says: string };

/** One thing to try. */
export interface Cell {
  readonly operation: Operation;
  readonly bearer: Bearer;
}

/** A bearer as a part of a path or a branch's name. */
export function labelOf(bearer: Bearer): string {
  return bearer.replaceAll(/[^a-z]+/g, "-");
}
