import type { Clock } from "@postern/core/time/clock";
import type { BranchLocks } from "../commits/branch-locks.ts";
import { EditedTree } from "../commits/edited-tree.ts";
import { formatCommit } from "../git/commit-object.ts";
import type { GitRepositories, GitRepository } from "../git/git-repository.ts";
import type { ProvenanceStore, StoredStatement } from "./provenance-store.ts";

/** Where `git notes --ref=provenance` looks. */
export const PROVENANCE_REF = "refs/notes/provenance";
const BATCH = 500;
/** How long statements are gathered before they are noted together, in milliseconds. */
const GATHERING_MS = 1000;
const AUTHOR = { name: "postern", email: "postern@users.noreply.invalid" };

export interface ProvenanceNotesDeps {
  readonly store: Pick<ProvenanceStore, "reposToNote" | "toNote" | "markNoted">;
  readonly git: GitRepositories;
  readonly locks: Pick<BranchLocks, "run">;
  readonly clock: Clock;
  readonly onFailure: (cause: unknown) => void;
}

/**
 * Copies statements into the git notes of their repo, so that a clone carries them.
 *
 * The store is what counts; the notes follow it, many statements to one notes commit when there are many, and a start catches up.
 */
export class ProvenanceNotes {
  readonly #deps: ProvenanceNotesDeps;
  readonly #wanted = new Set<string>();
  #running: Promise<void> | undefined;
  #closed = false;
  #wake = (): void => undefined;

  constructor(deps: ProvenanceNotesDeps) {
    this.#deps = deps;
  }

  /** Notes what a stopped server had not come to. */
  async catchUp(): Promise<void> {
    for (const repoId of await this.#deps.store.reposToNote()) this.request(repoId);
  }

  /** Has the statements of a repo noted soon. */
  request(repoId: string): void {
    if (this.#closed) return;
    this.#wanted.add(repoId);
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Lets the repo at hand finish; the rest waits for the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wanted.clear();
    this.#wake();
    await this.settled();
  }

  async #drain(): Promise<void> {
    await this.#pause();
    for (const repoId of this.#wanted) {
      this.#wanted.delete(repoId);
      try {
        await this.#deps.locks.run(`${repoId} ${PROVENANCE_REF}`, () => this.#note(repoId));
      } catch (cause) {
        this.#deps.onFailure(cause);
      }
    }
  }

  /** Commits often come in rows; together they cost one notes commit, and the first is answered long before. */
  async #pause(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GATHERING_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #note(repoId: string): Promise<void> {
    const { store, git } = this.#deps;
    const repo = git.open({ repoId });
    for (;;) {
      const statements = await store.toNote(repoId, BATCH);
      if (statements.length === 0) return;
      await this.#write(repo, statements);
      await store.markNoted(statements.map(({ id }) => id));
    }
  }

  async #write(repo: GitRepository, statements: readonly StoredStatement[]): Promise<void> {
    const parent = await repo.readRef(PROVENANCE_REF);
    const base = parent === undefined ? undefined : (await repo.readCommit(parent))?.tree;
    const tree = new EditedTree(async (oid) => (await repo.readTree(oid)) ?? [], base);
    await using staged = await repo.stageObjects();
    let noted = 0;
    for (const { commits, envelope } of statements) {
      const note = await staged.writeBlob(Buffer.from(`${envelope}\n`));
      for (const commit of commits) {
        // The move that it speaks of may have failed; git would drop a note for nothing.
        if ((await repo.readCommit(commit)) === undefined) continue;
        await tree.put(`${commit.slice(0, 2)}/${commit.slice(2)}`, note);
        noted++;
      }
    }
    if (noted === 0) return;
    const commit = await staged.writeCommit(
      formatCommit({
        tree: await tree.write(staged),
        parent,
        author: AUTHOR,
        at: this.#deps.clock.now(),
        message: "Provenance of commits",
      }),
    );
    await staged.publish();
    const outcome = await repo.updateRef(PROVENANCE_REF, commit, parent);
    if (outcome !== "updated") throw new Error(`${PROVENANCE_REF} was moved by somebody else`);
  }
}
