import type { GateMode, GuardedRepo, Visibility } from "@postern/core/access/repo-access";
import type { RepoKind } from "@postern/core/resource/repo-kind";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { ListingScope } from "../access/listing-scope.ts";
import type { CardFacts } from "./card-facts.ts";
import type { HeldName } from "./held-name.ts";

/** A repo that exists: `repo` in its stored spelling, `repoId` 24 hex digits, random, never used again. */
export interface StoredRepo extends GuardedRepo {
  readonly createdAt: EpochSeconds;
  /** The last commit or change of settings. */
  readonly updatedAt: EpochSeconds;
  /** The account that created it, or the issuer and subject of the job that did. */
  readonly createdBy: string;
}

/** What a list is sorted by; repos that are equal in it follow each other newest first. */
export type RepoOrder = "created" | "updated" | "id";

/** The place in a list behind which the next page starts. */
export interface ListPlace {
  /** What `order` compares: seconds or the name. */
  readonly value: number | string;
  /** Order of creation, for repos that are equal in `value`. */
  readonly seq: number;
}

/** Which repos to list; an `undefined` or empty filter matches all. */
export interface RepoQuery {
  readonly kind: RepoKind;
  readonly visible: ListingScope;
  /** Namespace, compared without regard to case. */
  readonly author: string | undefined;
  /** Parts of `namespace/name`, compared without regard to case; all must occur. */
  readonly search: readonly string[];
  /** Tags of the card, compared without regard to case; all must be there. */
  readonly tags: readonly string[];
  readonly pipelineTag: string | undefined;
  readonly order: RepoOrder;
  readonly ascending: boolean;
  readonly after: ListPlace | undefined;
  /** 1 to 1,001. */
  readonly limit: number;
}

/** A repo in a list, with what its card says. */
export interface ListedRepo extends StoredRepo {
  readonly facts: CardFacts;
  readonly place: ListPlace;
}

/** Port: which repos exist. What git stores is not its business. */
export interface RepoCatalogue {
  /** By name without regard to case; the answer carries the stored spelling. */
  find(repo: RepoRef): Promise<StoredRepo | undefined>;
  findById(repoId: string): Promise<StoredRepo | undefined>;
  /** The repo that had this name before it was moved; only while no other repo has the name. */
  findMoved(former: RepoRef): Promise<StoredRepo | undefined>;
  /**
   * `exists` when the name is taken in any spelling, `held` when it is kept for a repo of another id. A name that is held for this very
   * id is held no more. Resolves when durable.
   *
   * @param linksOf - Id of a repo whose LFS objects the new one holds too, from the same moment on.
   */
  create(repo: StoredRepo, linksOf?: string): Promise<"created" | "exists" | "held">;
  /** The name as it is held at `now`. */
  findHeld(repo: RepoRef, now: EpochSeconds): Promise<HeldName | undefined>;
  delete(repoId: string): Promise<"deleted" | "missing">;
  setVisibility(repoId: string, visibility: Visibility, at: EpochSeconds): Promise<"changed" | "missing">;
  /** `undefined` takes the gate away; requests stay and count again when it comes back. */
  setGate(repoId: string, gated: GateMode | undefined, at: EpochSeconds): Promise<"changed" | "missing">;
  setDisabled(repoId: string, disabled: boolean, at: EpochSeconds): Promise<"changed" | "missing">;
  setTrustedPublishingOnly(repoId: string, on: boolean, at: EpochSeconds): Promise<"changed" | "missing">;
  /** Notes a commit. Only a hint for listings: may be lost in a crash. */
  touch(repoId: string, at: EpochSeconds): Promise<void>;
  /** Notes what the card says, in place of what it said before. A hint likewise. */
  describe(repoId: string, facts: CardFacts): Promise<void>;
  list(query: RepoQuery): Promise<readonly ListedRepo[]>;
  /** Tags of public repos of this kind, those of the most repos first; at most `limit`. */
  publicTags(kind: RepoKind, limit: number): Promise<readonly string[]>;
}
