import type { RepoWorkloadPrincipal } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { IssueOutcome, NewGrant, SubjectTokenUse } from "./grant-ledger.ts";

/** Port: makes the repo of a held name. The hub implements it. */
export interface HeldRepoMaker {
  /**
   * Builds what git needs out of sight, then runs `commit`, which stores the catalogue's row. One at a time per repo.
   *
   * A crash leaves nothing or everything: whatever `commit` did not store is removed at the next start. `commit` may throw without
   * knowing whether it stored anything; that counts as a crash.
   *
   * @returns `exists` when the repo was made meanwhile; `commit` did not run.
   */
  make<T>(
    held: { readonly repo: RepoRef; readonly repoId: string },
    creator: RepoWorkloadPrincipal,
    commit: () => Promise<{ readonly made: boolean; readonly value: T }>,
  ): Promise<{ readonly kind: "exists" } | { readonly kind: "done"; readonly value: T }>;
}

/** Port: as `GrantLedger`, and makes the held name a repo in the same commit. `publisher-gone` also when it is held no more. */
export interface FirstGrantLedger {
  issueFirst(
    use: SubjectTokenUse,
    grant: NewGrant,
    audit: { readonly grant: AuditEvent; readonly create: AuditEvent },
  ): Promise<IssueOutcome>;
}
