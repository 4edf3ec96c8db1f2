import { mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitRepositories, GitRepository } from "../../git/git-repository.ts";
import type { StoredRepo } from "../../repos/repo-catalogue.ts";
import { isRepoId } from "../../repos/repo-id.ts";
import type { RepoStorage } from "../../repos/repo-storage.ts";
import { BareRepository } from "./bare-repository.ts";
import { copyReachable } from "./copy-reachable.ts";
import { DEFAULT_GIT, type GitProgram } from "./git-command.ts";
import { ObjectReaderPool } from "./object-reader-pool.ts";
import { isSystemError } from "./ref-files.ts";
import { StructureCache } from "./structure-cache.ts";
import { syncDirectory, syncFile } from "./sync-path.ts";

export interface GitStorageOptions {
  /** The data directory; repos live below `repos/`. */
  readonly dataDirectory: string;
  /** A text that was never used before, for temporary names. */
  readonly nonce: () => string;
  /** Milliseconds since 1970 at which this process took over the data directory. */
  readonly startedAtMs: number;
  /** Default: `git` of the usual system folders. */
  readonly program?: GitProgram;
  /** Default 32. */
  readonly maxReaders?: number;
  /** Milliseconds; default 60,000. */
  readonly readerIdleMs?: number;
}

/** For the commits and trees of all repos together. */
const STRUCTURE_CACHE_BYTES = 64 * 1024 * 1024;

/** What `git init --bare` would write, without templates, hooks and a process. */
const CONFIG = `[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
[gc]
	auto = 0
[receive]
	fsckObjects = true
[transfer]
	fsckObjects = true
`;

/**
 * Bare repos at `repos/{aa}/{repoId}.git`, where `aa` are the first two digits of the id.
 *
 * A note `repos/tmp/{repoId}.unsettled` stands for as long as the catalogue and the disk may disagree about a repo; `settle` reads
 * the notes after a crash. A directory is only ever removed when such a note names it and the catalogue does not know it.
 */
export class GitRepositoriesOnDisk implements GitRepositories, RepoStorage {
  readonly #root: string;
  readonly #options: GitStorageOptions;
  readonly #program: GitProgram;
  readonly #readers: ObjectReaderPool;
  readonly #structures = new StructureCache(STRUCTURE_CACHE_BYTES);
  readonly #open = new Map<string, GitRepository>();

  constructor(options: GitStorageOptions) {
    this.#root = join(options.dataDirectory, "repos");
    this.#options = options;
    this.#program = options.program ?? DEFAULT_GIT;
    this.#readers = new ObjectReaderPool(this.#program, {
      maxReaders: options.maxReaders ?? 32,
      idleMs: options.readerIdleMs ?? 60_000,
    });
  }

  open({ repoId }: Pick<StoredRepo, "repoId">): GitRepository {
    return this.#at(repoId, this.directoryOf(repoId));
  }

  /** The bare repository of a repo, for `git` itself. */
  directoryOf(repoId: string): string {
    if (!isRepoId(repoId)) throw new Error(`not a repo id: ${repoId}`);
    return join(this.#root, repoId.slice(0, 2), `${repoId}.git`);
  }

  async build(repoId: string, fill: (git: GitRepository) => Promise<void>): Promise<void> {
    await this.#place(repoId, (draft) => fill(this.#at(repoId, draft)));
  }

  async copy(repoId: string, from: string): Promise<void> {
    await this.#place(repoId, (draft) => copyReachable(this.#program, this.directoryOf(from), draft));
  }

  /** Fills a draft out of sight and renames it to where the repo lives. */
  async #place(repoId: string, fill: (draft: string) => Promise<void>): Promise<void> {
    const target = this.directoryOf(repoId);
    const draft = join(this.#root, "tmp", `${repoId}.git`);
    await this.#note(repoId);
    try {
      await writeEmptyRepository(draft);
      await fill(draft);
      this.#readers.release(draft);
      await mkdir(join(this.#root, repoId.slice(0, 2)), { recursive: true });
      await rename(draft, target);
      await syncDirectory(join(this.#root, repoId.slice(0, 2)));
      await syncDirectory(this.#root);
    } catch (error) {
      this.#readers.release(draft);
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  }

  async beginRemoval(repoId: string): Promise<void> {
    await this.#note(repoId);
  }

  async remove(repoId: string): Promise<void> {
    const directory = this.directoryOf(repoId);
    const draft = join(this.#root, "tmp", `${repoId}.git`);
    this.#readers.release(directory);
    await rm(draft, { recursive: true, force: true });
    try {
      await rename(directory, draft);
    } catch (error) {
      if (!isSystemError(error, "ENOENT")) throw error;
    }
    this.#readers.release(directory);
    await rm(draft, { recursive: true, force: true });
  }

  async finish(repoId: string): Promise<void> {
    await rm(join(this.#root, "tmp", `${repoId}.unsettled`), { force: true });
  }

  async unsettled(): Promise<readonly string[]> {
    const folder = join(this.#root, "tmp");
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(".unsettled"))
      .map((name) => name.slice(0, -".unsettled".length))
      .filter(isRepoId);
  }

  /** Ends all git processes of readers. */
  close(): void {
    this.#readers.close();
  }

  #at(repoId: string, directory: string): GitRepository {
    // A `BareRepository` holds nothing but the parsed packed-refs, so forgetting some is cheap.
    if (this.#open.size > 1000) this.#open.clear();
    const known = this.#open.get(directory);
    if (known !== undefined) return known;
    const repository = new BareRepository(repoId, directory, {
      program: this.#program,
      readers: this.#readers,
      structures: this.#structures,
      nonce: this.#options.nonce,
      startedAtMs: this.#options.startedAtMs,
    });
    this.#open.set(directory, repository);
    return repository;
  }

  async #note(repoId: string): Promise<void> {
    const folder = join(this.#root, "tmp");
    await mkdir(folder, { recursive: true });
    const file = await open(join(folder, `${repoId}.unsettled`), "w");
    await file.close();
    await syncDirectory(folder);
  }
}

async function writeEmptyRepository(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  for (const folder of ["objects/info", "objects/pack", "refs/heads", "refs/tags"]) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  // Without this a clone of a new repo warns and checks nothing out (hub-wire §9).
  await writeFile(join(directory, "HEAD"), "ref: refs/heads/main\n");
  await writeFile(join(directory, "config"), CONFIG);
  await syncFile(join(directory, "HEAD"));
  await syncFile(join(directory, "config"));
  for (const folder of ["refs", "objects", "."]) await syncDirectory(join(directory, folder));
}
