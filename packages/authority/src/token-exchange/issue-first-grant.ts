import type { RepoWorkloadPrincipal } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { SwitchReader } from "../switches/switches.ts";
import { exchangeRefusal } from "./exchange-refusal.ts";
import type { GrantLedger, IssueOutcome, NewGrant, SubjectTokenUse } from "./grant-ledger.ts";
import type { FirstGrantLedger, HeldRepoMaker } from "./held-repo-maker.ts";

export interface FirstGrantDeps {
  readonly switches: Pick<SwitchReader, "whyOff">;
  readonly ledger: GrantLedger;
  readonly firstGrants: FirstGrantLedger;
  readonly repoMaker: HeldRepoMaker;
}

/**
 * The first exchange of a pending publisher: the repo, the grant, the spent subject token and both audit entries are stored in one
 * commit, or none of them is. A second job that comes at the same moment finds the repo made and gets an ordinary grant.
 *
 * @throws {OAuthError} `temporarily_unavailable` TP1922 in read-only mode.
 */
export async function issueFirstGrant(
  use: SubjectTokenUse,
  grant: NewGrant,
  audit: AuditEvent,
  deps: FirstGrantDeps,
): Promise<IssueOutcome> {
  const { target } = grant;
  if (target.kind === "user") return deps.ledger.issue(use, grant, audit);
  // Every other change of a repo is refused at the hub's own routes; this one comes through the exchange.
  if (deps.switches.whyOff("writes") !== undefined)
    throw exchangeRefusal("TP1922", { retryAfterSeconds: 60, detail: { publisher_id: grant.publisherId } });
  const creator: RepoWorkloadPrincipal = {
    kind: "repo-workload",
    tokenId: grant.tokenId,
    repo: target.repo,
    repoId: target.repoId,
    access: grant.access,
    expiresAt: grant.expiresAt,
    origin: grant.origin,
  };
  const create: AuditEvent = {
    ...audit,
    event: "repo.create",
    actor: { ...audit.actor, tokenId: grant.tokenId },
    detail: { repo_id: target.repoId, publisher_id: grant.publisherId, pending: true },
  };
  const made = await deps.repoMaker.make(target, creator, async () => {
    const value = await deps.firstGrants.issueFirst(use, grant, { grant: audit, create });
    return { made: value.kind === "issued", value };
  });
  return made.kind === "exists" ? deps.ledger.issue(use, grant, audit) : made.value;
}
