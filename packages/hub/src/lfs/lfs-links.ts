import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { LfsObjects } from "./lfs-objects.ts";
import type { LfsOid } from "./lfs-oid.ts";

/** That a repo holds an object, because the object's bytes were sent to that repo. */
export interface LfsLink {
  /** The repo's own id, not its name: a new repo of the same name inherits nothing. */
  readonly repoId: string;
  readonly oid: LfsOid;
  /** Bytes. */
  readonly size: number;
}

/**
 * Port: which repo holds which object.
 *
 * The store shares equal bytes between repos, so presence there must never mean access. The attack: somebody learns the SHA-256
 * of a private file (from a public model card, a lock file, an error message), commits a pointer with that hash to a repo of
 * their own and reads the file through it; or asks the batch endpoint whether the hub has it. Hence an object counts as stored
 * in a repo only after all of its bytes came in through an upload to that very repo, and a client that names bytes which the
 * store already has under another repo is asked to send them like anybody else. Held in place by `lfs-routes.test.ts` and
 * `resolve-routes.test.ts` ("another repo's object").
 */
export interface LfsLinks extends LfsObjects {
  /** Idempotent; a link that is there becomes young again. Resolves when durable; `repo-missing` when the repo is gone by now. */
  add(link: LfsLink): Promise<"linked" | "repo-missing">;
}

/**
 * Port: the links as the garbage collector sees them. A link that was claimed lately keeps its object, whatever the refs say: whoever claimed
 * it may be about to move a ref. `releaseOld` and `claim` are single transactions, so one of them is first: after a claim nothing is released,
 * and after a release nothing can be claimed.
 */
export interface LfsLinkUpkeep {
  /** All links, grouped by nothing, sorted by object. */
  all(): Iterable<LfsLink & { readonly linkedAt: EpochSeconds }>;
  count(): number;
  /** Removes every link to the object unless one of them is younger than `before`; `kept` then, and nothing is removed. */
  releaseOld(oid: LfsOid, before: EpochSeconds): "released" | "kept";
}
