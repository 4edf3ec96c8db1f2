/** `error`: something is lost, damaged or contradicts something else. `notice`: worth knowing, nothing is wrong for readers. */
export type FindingSeverity = "error" | "notice";

export type FindingCode =
  | "table-missing"
  | "table-empty"
  | "database-damaged"
  | "row-foreign"
  | "repo-missing"
  | "repo-unlisted"
  | "repo-unsettled"
  | "repo-damaged"
  | "ref-broken"
  | "refs-missing"
  | "head-broken"
  | "object-missing"
  | "object-size"
  | "object-digest"
  | "object-foreign"
  | "object-quarantined"
  | "link-missing"
  | "link-size"
  | "link-dangling"
  | "audit-broken"
  | "audit-forged";

/** Every kind of finding: how bad it is, what it means, what to do. Documented in `docs/reference/fsck.md`. */
const KINDS: Readonly<Record<FindingCode, readonly [FindingSeverity, string, string]>> = {
  "table-missing": ["error", "A table of the hub is missing from the database.", "Restore postern.db from a backup."],
  "table-empty": [
    "error",
    "A table is empty although there are files that it should know.",
    "If you deleted every repo, this is so; otherwise restore postern.db from a backup.",
  ],
  "database-damaged": ["error", "SQLite finds the database damaged.", "Restore postern.db from a backup."],
  "row-foreign": [
    "error",
    "A row refers to a row that does not exist.",
    "Restore postern.db from a backup, or report a bug with this line.",
  ],
  "repo-missing": [
    "error",
    "The catalogue has a repo without a directory.",
    "Restore the directory from a backup, or delete the repo.",
  ],
  "repo-unlisted": [
    "error",
    "There is a directory of a repo that the catalogue does not know.",
    "The database may be older than the files: restore the newer one. If the repo is not wanted, move the directory away.",
  ],
  "repo-unsettled": [
    "notice",
    "A repo was being made or removed when the server stopped.",
    "Nothing to do: the next start settles it.",
  ],
  "repo-damaged": ["error", "Git finds the repo damaged.", "Restore the repo's directory from a backup."],
  "ref-broken": [
    "error",
    "A ref cannot be read.",
    "Restore the file from a backup, or set the branch anew with git update-ref.",
  ],
  "refs-missing": [
    "error",
    "A repo has no branch at all, though something was stored in it.",
    "Restore refs/ and packed-refs from a backup.",
  ],
  "head-broken": ["error", "HEAD of a repo names no branch.", "Write `ref: refs/heads/main` into its file HEAD."],
  "object-missing": [
    "error",
    "A file of a repo is an LFS object that the store does not have.",
    "Restore the object from a backup, or upload the same file again to that repo.",
  ],
  "object-size": [
    "error",
    "An LFS object has another length than is known of it.",
    "Restore the object from a backup, or upload the same file again.",
  ],
  "object-digest": [
    "error",
    "The bytes of an LFS object do not have the SHA-256 that is its name.",
    "Restore the object from a backup, or upload the same file again.",
  ],
  "object-foreign": ["notice", "Something that is no LFS object lies among them.", "Look at it, and move it away."],
  "object-quarantined": [
    "notice",
    "An LFS object that is in use is in quarantine.",
    "Nothing to do: the next read or collection brings it back. `postern hub gc restore` does it now.",
  ],
  "link-missing": [
    "error",
    "A file of a repo is an LFS object that was never uploaded to that repo, so nobody can read it there.",
    "Upload the same file to that repo again.",
  ],
  "link-size": [
    "error",
    "A pointer and the database disagree about the length of an LFS object.",
    "Compare the pointer with the object; restore postern.db from a backup.",
  ],
  "link-dangling": [
    "error",
    "The database says that a repo holds an LFS object that the store does not have.",
    "Is the store complete and mounted? If so, restore the object, or upload the file again.",
  ],
  "audit-broken": [
    "error",
    "The audit log is broken, or does not fit its checkpoints.",
    "Run `postern audit verify --data DIR`, and keep a copy of the data directory.",
  ],
  "audit-forged": [
    "error",
    "Checkpoints carry the audit log's name but not its signature.",
    "Compare with a copy of the checkpoints that is kept elsewhere.",
  ],
};

/** All codes, for the documentation's test. */
export const FINDING_CODES: readonly string[] = Object.keys(KINDS);

/** One thing that a check found. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: FindingSeverity;
  /** What it was found at: `repo 0123… (models/acme/train)`, `object abcd…`. */
  readonly subject: string;
  readonly message: string;
  readonly advice: string;
  /** What the program that looked said, if anything. */
  readonly detail: string | undefined;
}

export function finding(code: FindingCode, subject: string, detail?: string): Finding {
  const [severity, message, advice] = KINDS[code];
  return { code, severity, subject, message, advice, detail };
}
