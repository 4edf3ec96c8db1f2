import type { Clock } from "@postern/core/time/clock";
import type { BranchLocks } from "../commits/branch-locks.ts";
import type { GitRepositories } from "../git/git-repository.ts";
import { cardFactsOf } from "./card-facts.ts";
import { CardReader } from "./card-reader.ts";
import type { RepoCatalogue, StoredRepo } from "./repo-catalogue.ts";

export interface AfterRefsMovedDeps {
  readonly git: GitRepositories;
  readonly catalogue: Pick<RepoCatalogue, "touch" | "describe">;
  readonly clock: Clock;
  readonly locks: Pick<BranchLocks, "run">;
}

/** The branch whose card describes the repo. */
const DESCRIBING_REF = "refs/heads/main";

const cards = new CardReader();

/**
 * Brings the catalogue up to date after refs of a repo moved, whoever moved them: its time, and what the card on `main` says.
 *
 * To be called once the refs have moved. Never fails: what was acknowledged stands whatever becomes of these hints, and the next move
 * puts them right.
 */
export async function afterRefsMoved(
  { git, catalogue, clock, locks }: AfterRefsMovedDeps,
  repo: Pick<StoredRepo, "repo" | "repoId">,
  refs: readonly string[],
): Promise<void> {
  try {
    await catalogue.touch(repo.repoId, clock.now());
    if (!refs.includes(DESCRIBING_REF)) return;
    // One at a time, each reading the tip anew: of two quick commits, the later one's card stays.
    await locks.run(`card ${repo.repoId}`, async () => {
      const opened = git.open(repo);
      const commit = await opened.readRef(DESCRIBING_REF);
      const data = commit === undefined ? undefined : (await cards.cardAt(opened, commit)).data;
      await catalogue.describe(repo.repoId, cardFactsOf(repo.repo.kind, data));
    });
  } catch {
    // Said above.
  }
}
