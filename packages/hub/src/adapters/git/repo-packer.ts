import { readdir, rm, stat } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { DEFAULT_GIT, type GitProgram, spawnGit } from "./git-command.ts";
import { isSystemError } from "./ref-files.ts";
import { stopGroup } from "./stop-process.ts";

export interface RepoPackerOptions {
  /** The data directory; repos live below `repos/`. */
  readonly dataDirectory: string;
  /** Milliseconds since 1970 at which this process took over the data directory. */
  readonly startedAtMs: number;
  /** Default: `git` of the usual system folders. */
  readonly program?: GitProgram;
  /** More loose objects than this, estimated, are packed; default 2000. */
  readonly looseObjects?: number;
  /** More packs than this are joined; default 20. */
  readonly packs?: number;
}

/** Git spreads loose objects evenly over so many folders; it estimates from one of them, and so do we. */
const FOLDERS = 256;
const SAMPLE = "17";

/** Packs are joined where the smaller ones together are half as large as the next, so that old, large ones are left alone. */
const REPACK = [
  ...["-c", "pack.threads=1", "-c", "pack.windowMemory=128m", "-c", "repack.writeBitmaps=false"],
  ...["repack", "--geometric=2", "-d", "-q"],
];

/**
 * Packs what commits and pushes leave behind, one repo at a time and at low priority.
 *
 * Never prunes: objects that no ref leads to are packed like all others (`--geometric` takes loose objects and whole packs regardless of
 * reachability), because a commit or push that is under way may be about to name them.
 */
export class RepoPacker {
  readonly #options: RepoPackerOptions;
  readonly #closing = new AbortController();
  #sweeping = false;

  constructor(options: RepoPackerOptions) {
    this.#options = options;
  }

  /**
   * Looks at every repo; does nothing while the last look is still under way.
   *
   * @throws {Error} for the first repo that could not be packed, after the others had their turn.
   */
  async sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      await this.#sweepAll();
    } finally {
      this.#sweeping = false;
    }
  }

  async #sweepAll(): Promise<void> {
    let failure: unknown;
    for await (const directory of this.#directories()) {
      if (this.#closing.signal.aborted) return;
      try {
        if (await this.#needsPacking(directory)) await this.pack(directory);
      } catch (error) {
        // Removed while we were looking at it.
        if (!isSystemError(error, "ENOENT")) failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** Packs one repo now. */
  async pack(directory: string): Promise<void> {
    await this.#clearLeftovers(join(directory, "objects", "pack"));
    const child = spawnGit(this.#options.program ?? DEFAULT_GIT, directory, REPACK, { ownGroup: true });
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    const stop = (): void => stopGroup(child);
    this.#closing.signal.addEventListener("abort", stop, { once: true });
    child.stdin.end();
    child.stdout.resume();
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr.length < 2000) stderr += text;
    });
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    child.once("error", reject);
    child.once("close", resolve);
    try {
      const status = await promise;
      if (status !== 0 && !this.#closing.signal.aborted) throw new Error(`git repack failed: ${stderr.slice(0, 300)}`);
    } finally {
      this.#closing.signal.removeEventListener("abort", stop);
    }
  }

  /** Ends the packing that is under way; what it began is thrown away by the next. */
  close(): void {
    this.#closing.abort();
  }

  async *#directories(): AsyncGenerator<string> {
    const root = join(this.#options.dataDirectory, "repos");
    for (const folder of await namesIn(root)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue;
      for (const name of await namesIn(join(root, folder))) if (name.endsWith(".git")) yield join(root, folder, name);
    }
  }

  async #needsPacking(directory: string): Promise<boolean> {
    const { looseObjects = 2000, packs = 20 } = this.#options;
    const loose = await namesIn(join(directory, "objects", SAMPLE));
    if (loose.length * FOLDERS > looseObjects) return true;
    const packed = await namesIn(join(directory, "objects", "pack"));
    return packed.filter((name) => name.endsWith(".pack")).length > packs;
  }

  /** A packing that was killed leaves its temporary files; one from before our start has no owner. */
  async #clearLeftovers(folder: string): Promise<void> {
    for (const name of await namesIn(folder)) {
      if (!/^(?:tmp_|\.tmp-)/.test(name)) continue;
      const path = join(folder, name);
      if ((await stat(path)).mtimeMs < this.#options.startedAtMs) await rm(path, { force: true });
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
