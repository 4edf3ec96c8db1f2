import { once } from "node:events";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { parseCommit } from "../../git/commit-object.ts";
import type { Commit } from "../../git/git-repository.ts";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { parseTree, type TreeItem } from "../../git/tree-object.ts";
import type { PushedObject, PushedObjects, Reception } from "../../git-http/git-transfers.ts";
import type { SpentBuffers } from "../spent-buffers.ts";
import { type GitProgram, runGit, spawnGit } from "./git-command.ts";
import { indexPack } from "./index-pack.ts";
import { ObjectReader } from "./object-reader.ts";
import { clearStagingLeftovers, STAGING_PREFIX } from "./staged-loose-objects.ts";
import { stopGroup } from "./stop-process.ts";
import { StructureCache } from "./structure-cache.ts";
import { syncDirectory } from "./sync-path.ts";

export interface PushQuarantineOptions {
  readonly program: GitProgram;
  readonly nonce: string;
  readonly startedAtMs: number;
  readonly signal: AbortSignal;
  readonly spent: SpentBuffers;
  /** Called once when the push is over. */
  readonly release: () => void;
}

/** Parsed trees and commits of one push. */
const CACHE_BYTES = 16 * 1024 * 1024;
/** A tree or commit above this is refused, as where the repo is read. */
const MAX_STRUCTURE_BYTES = 64 * 1024 * 1024;

/**
 * The objects of one push in a folder beside the repo's own, as git's own quarantine does it.
 *
 * Until they are published a crash leaves only that folder, under the name that git's `prune` and the next start clear away.
 */
export class PushQuarantine implements PushedObjects {
  readonly #gitDirectory: string;
  readonly #folder: string;
  readonly #options: PushQuarantineOptions;
  /** Looked at in a cache of its own: what is not in the repo must not be found through the repo's. */
  readonly #structures = new StructureCache(CACHE_BYTES);
  #reader: ObjectReader | undefined;
  #received = false;

  private constructor(gitDirectory: string, folder: string, options: PushQuarantineOptions) {
    this.#gitDirectory = gitDirectory;
    this.#folder = folder;
    this.#options = options;
  }

  static async begin(gitDirectory: string, options: PushQuarantineOptions): Promise<PushQuarantine> {
    await clearStagingLeftovers(gitDirectory, options.startedAtMs);
    const folder = join(gitDirectory, "objects", STAGING_PREFIX + options.nonce);
    // One by one: a repo that is deleted at this moment must not come back as an empty folder.
    await mkdir(folder);
    await mkdir(join(folder, "pack"));
    return new PushQuarantine(gitDirectory, folder, options);
  }

  async receive(pack: Readable, maxBytes: number): Promise<Reception> {
    const { program, signal, spent } = this.#options;
    spent.watch(pack);
    const reception = await indexPack(program, this.#gitDirectory, this.#both(), pack, maxBytes, signal);
    this.#received = reception.kind === "received" && reception.objects > 0;
    return reception;
  }

  async *list(): AsyncGenerator<PushedObject> {
    if (!this.#received) return;
    const format = "--batch-check=%(objectname) %(objecttype) %(objectsize)";
    const args = ["cat-file", "--batch-all-objects", "--unordered", "--buffer", format];
    // Without the repo's objects beside it, so that only what was pushed is listed.
    const environment = { GIT_OBJECT_DIRECTORY: this.#folder };
    const child = spawnGit(this.#options.program, this.#gitDirectory, args, { environment, ownGroup: true });
    child.stdin.on("error", () => {});
    child.stdin.end();
    child.stderr.resume();
    const closed = once(child, "close");
    closed.catch(() => child.stdout.destroy());
    try {
      for await (const line of createInterface({ input: child.stdout })) yield parseListed(line);
      const [status] = await closed;
      if (status !== 0) throw new Error("git cat-file could not list what was pushed");
    } finally {
      stopGroup(child);
    }
  }

  async typeOf(oid: ObjectId): Promise<PushedObject["type"] | undefined> {
    return (await this.#read().info(oid))?.type;
  }

  async readBlob(oid: ObjectId): Promise<Buffer> {
    const object = await this.#read().content(oid);
    if (object?.info.type !== "blob") throw new Error(`no blob ${oid}`);
    return object.content;
  }

  async peel(oid: ObjectId): Promise<ObjectId | undefined> {
    const info = await this.#read().info(oid);
    if (info?.type === "commit") return oid;
    if (info?.type !== "tag" || info.size > MAX_STRUCTURE_BYTES) return undefined;
    const text = (await this.#read().content(oid))?.content.toString("latin1") ?? "";
    const target = parseObjectId(/^object ([0-9a-f]{40})\n/.exec(text)?.[1] ?? "");
    // A tag names an object that existed before it, so this ends.
    return target === undefined ? undefined : await this.peel(target);
  }

  async readTree(oid: ObjectId): Promise<readonly TreeItem[]> {
    const known = this.#structures.get("", oid);
    if (known?.kind === "tree") return known.items;
    const content = await this.#structure(oid, "tree");
    const items = parseTree(content);
    this.#structures.set("", oid, { kind: "tree", items }, content.length);
    return items;
  }

  async readCommit(oid: ObjectId): Promise<Commit> {
    const known = this.#structures.get("", oid);
    if (known?.kind === "commit") return known.commit;
    const content = await this.#structure(oid, "commit");
    const commit = parseCommit(oid, content);
    if (commit === undefined) throw new Error(`commit ${oid} has no tree`);
    this.#structures.set("", oid, { kind: "commit", commit }, content.length);
    return commit;
  }

  async isInRepo(oid: ObjectId): Promise<boolean> {
    return (await runGit(this.#options.program, this.#gitDirectory, ["cat-file", "-e", oid])).status === 0;
  }

  async publish(): Promise<void> {
    if (!this.#received) return;
    const from = join(this.#folder, "pack");
    const to = join(this.#gitDirectory, "objects", "pack");
    const names = (await readdir(from)).filter((name) => /^pack-[0-9a-f]+\.[a-z]+$/.test(name));
    // Git looks for `.idx` files: with the last name all of it is there. The contents were synced by index-pack.
    const ordered = names.sort((left, right) => Number(left.endsWith(".idx")) - Number(right.endsWith(".idx")));
    for (const name of ordered) await rename(join(from, name), join(to, name));
    await syncDirectory(to);
    this.#received = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader?.close();
    try {
      await rm(this.#folder, { recursive: true, force: true });
    } finally {
      this.#options.release();
    }
  }

  #both(): Readonly<Record<string, string>> {
    return {
      GIT_OBJECT_DIRECTORY: this.#folder,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: join(this.#gitDirectory, "objects"),
    };
  }

  #read(): ObjectReader {
    this.#reader ??= new ObjectReader(this.#options.program, this.#gitDirectory, this.#both());
    return this.#reader;
  }

  async #structure(oid: ObjectId, type: "tree" | "commit"): Promise<Buffer> {
    const info = await this.#read().info(oid);
    if (info?.type !== type || info.size > MAX_STRUCTURE_BYTES) throw new Error(`no ${type} ${oid} that can be read`);
    const object = await this.#read().content(oid);
    if (object === undefined) throw new Error(`no ${type} ${oid}`);
    return object.content;
  }
}

function parseListed(line: string): PushedObject {
  const [, hex = "", type, size] = /^([0-9a-f]{40}) (blob|tree|commit|tag) (\d+)$/.exec(line) ?? [];
  const oid = parseObjectId(hex);
  if (oid === undefined || (type !== "blob" && type !== "tree" && type !== "commit" && type !== "tag")) {
    throw new Error("git cat-file listed something else");
  }
  return { oid, type, size: Number(size) };
}
