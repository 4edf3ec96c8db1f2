import type { Principal } from "@postern/core/access/principal";
import { type CommitActor, formatStatement, IN_TOTO_PAYLOAD_TYPE } from "@postern/core/provenance/commit-statement";
import type { Clock } from "@postern/core/time/clock";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { ProvenanceSigner } from "./provenance-signer.ts";
import type { ProvenanceStore } from "./provenance-store.ts";

/** One move of one ref that is about to happen. */
export interface RefMove {
  readonly repo: Pick<StoredRepo, "repo" | "repoId">;
  readonly ref: string;
  readonly before: ObjectId | undefined;
  readonly after: ObjectId;
  /** What comes with it and was in no ref of the repo before, newest first, `after` among them; none for a ref to known commits. */
  readonly commits: readonly ObjectId[];
  readonly through: "api" | "git-push";
  readonly principal: Principal;
  readonly requestId: string | undefined;
}

/** Most commits that one statement vouches for; of a longer push, the newest. */
export const MAX_STATED_COMMITS = 1000;

export interface CommitProvenanceDeps {
  readonly signer: ProvenanceSigner;
  readonly store: Pick<ProvenanceStore, "add">;
  readonly clock: Clock;
  /** How the hub calls itself; no trailing slash. */
  readonly publicUrl: string;
  /** Told of a repo that has a statement its notes lack. */
  readonly onMoved: (repoId: string) => void;
}

/** Writes down, signed, who brought commits into a repo (in-toto Attestation Framework, Statement v1, in a DSSE envelope). */
export class CommitProvenance {
  readonly #deps: CommitProvenanceDeps;

  constructor(deps: CommitProvenanceDeps) {
    this.#deps = deps;
  }

  /**
   * Call it after the audit entry and before the ref moves: a commit that is visible has its statement. One whose move then fails leaves a
   * statement about a commit that nobody sees.
   */
  async record(move: RefMove): Promise<void> {
    const by = actorOf(move.principal);
    const commits = move.commits.slice(0, MAX_STATED_COMMITS);
    if (by === undefined || commits.length === 0) return;
    const { signer, store, clock, publicUrl } = this.#deps;
    const statement = formatStatement({
      commits,
      predicate: {
        hub: publicUrl,
        repo: auditResourceOf(move.repo.repo),
        repoId: move.repo.repoId,
        ref: move.ref,
        before: move.before ?? null,
        after: move.after,
        through: move.through,
        by,
        at: toIsoTime(clock.now()),
        requestId: move.requestId ?? "",
      },
    });
    const envelope = signer.sign(IN_TOTO_PAYLOAD_TYPE, Buffer.from(statement));
    await store.add({ repoId: move.repo.repoId, commits, envelope: JSON.stringify(envelope) });
  }

  /** Call it once the ref has moved: only then may the statement be copied into the repo. */
  moved({ repoId }: { readonly repoId: string }): void {
    this.#deps.onMoved(repoId);
  }
}

function actorOf(principal: Principal): CommitActor | undefined {
  switch (principal.kind) {
    case "user":
      return { kind: "user", name: principal.name, tokenId: principal.tokenId };
    case "repo-workload":
    case "user-workload": {
      const { provider, issuer, subject, publisherId, runUrl, source } = principal.origin;
      const { tokenId } = principal;
      return { kind: "workload", provider, issuer, subject, publisherId, tokenId, runUrl: runUrl ?? null, source };
    }
    case "anonymous":
      return undefined;
  }
}
