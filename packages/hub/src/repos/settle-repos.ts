import type { RepoCatalogue } from "./repo-catalogue.ts";
import type { RepoStorage } from "./repo-storage.ts";

/**
 * Finishes what a crash interrupted; call it once before the first request.
 *
 * Removes a directory only when a note names it and the catalogue does not know it, so that a catalogue restored from an old
 * backup never costs data.
 */
export async function settleRepos(catalogue: Pick<RepoCatalogue, "findById">, storage: RepoStorage): Promise<void> {
  for (const repoId of await storage.unsettled()) {
    if ((await catalogue.findById(repoId)) === undefined) await storage.remove(repoId);
    await storage.finish(repoId);
  }
}
