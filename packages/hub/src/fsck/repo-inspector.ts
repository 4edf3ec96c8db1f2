import type { LfsPointer } from "../git/lfs-pointer.ts";
import type { FindingCode } from "./finding.ts";

export interface RepoFault {
  readonly code: Extract<FindingCode, "repo-damaged" | "ref-broken" | "refs-missing" | "head-broken">;
  readonly detail: string;
}

export interface RepoInspection {
  readonly faults: readonly RepoFault[];
  /** The pointers in every commit that any ref reaches, `refs/pr/…` included; not to be relied on when there are faults. */
  readonly pointers: readonly LfsPointer[];
}

/** Port: the repos on the disk, as `hub fsck` and the garbage collector look at them. */
export interface RepoInspector {
  /** Ids of the directories that are there. */
  directories(): Promise<readonly string[]>;
  /** Ids of repos that were being made or removed. */
  unsettled(): Promise<readonly string[]>;
  /** @param deep - Read every object and compare it with its name, too. */
  inspect(repoId: string, deep: boolean): Promise<RepoInspection>;
  /** Changes whenever a ref does. */
  refsFingerprint(repoId: string): Promise<string>;
}

/** Port: what the database says about repos and itself. */
export interface StorageCensus {
  /** Tables of the hub that are not there. */
  missingTables(): readonly string[];
  /** What SQLite says is wrong; empty when nothing is. @param deep - Compare indexes with their tables, too. */
  damage(deep: boolean): readonly string[];
  /** Rows that refer to rows that do not exist. */
  foreignRows(): readonly string[];
  /** All repos, with a name to show. */
  repos(): readonly { readonly repoId: string; readonly name: string }[];
  hasRepo(repoId: string): boolean;
}
