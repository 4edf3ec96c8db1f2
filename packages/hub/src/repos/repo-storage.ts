import type { GitRepository } from "../git/git-repository.ts";

/**
 * Port: brings repos into being on the disk and removes them.
 *
 * The catalogue decides whether a repo exists. Around each change a note says that disk and catalogue may disagree; `finish`
 * takes it away, and `settle` works through what a crash left.
 */
export interface RepoStorage {
  /** Builds a repo out of sight, lets `fill` write its first commit, puts it in place. Leaves a note until `finish`. */
  build(repoId: string, fill: (git: GitRepository) => Promise<void>): Promise<void>;
  /** Like `build`, with everything that branches and tags of another repo reach; nothing is shared with it on the disk. */
  copy(repoId: string, from: string): Promise<void>;
  /** Leaves a note before the catalogue forgets the repo. */
  beginRemoval(repoId: string): Promise<void>;
  /** Removes everything that git stores of it; nothing happens when it is not there. */
  remove(repoId: string): Promise<void>;
  /** Disk and catalogue agree about this repo. */
  finish(repoId: string): Promise<void>;
  /** The repos that have a note. */
  unsettled(): Promise<readonly string[]>;
}
