import type { ObjectId } from "../git/object-id.ts";

/** The first line of a commit request. */
export interface CommitHeader {
  readonly summary: string;
  readonly description: string;
  /** 5 to 40 hex digits; the commit is refused when the branch has moved on. */
  readonly parentCommit: string | undefined;
}

/** One line of a commit request after its content went into a git object. Paths have passed `parseEntryPath`. */
export type CommitOperation =
  | { readonly kind: "put"; readonly path: string; readonly oid: ObjectId }
  /** The file at `from`, under a new name; `oid` replaces its content when it is given. */
  | { readonly kind: "move"; readonly from: string; readonly path: string; readonly oid: ObjectId | undefined }
  | { readonly kind: "copy"; readonly from: string; readonly path: string; readonly revision: string | undefined }
  | { readonly kind: "delete-file"; readonly path: string }
  | { readonly kind: "delete-folder"; readonly path: string };
