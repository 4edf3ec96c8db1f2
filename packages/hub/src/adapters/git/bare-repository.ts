import { Readable } from "node:stream";
import { parseCommit } from "../../git/commit-object.ts";
import type {
  ByteRange,
  Commit,
  GitRepository,
  OpenBlob,
  Ref,
  RefMove,
  RefUpdate,
  StagedObjects,
  TreeEntry,
  TreePage,
  TreeQuery,
} from "../../git/git-repository.ts";
import { listTreePage } from "../../git/list-tree.ts";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { isBranchOrTagName, isFullRef } from "../../git/ref-name.ts";
import { FOLDER_MODE, parseTree, SUBMODULE_MODE, type TreeItem } from "../../git/tree-object.ts";
import { openLargeBlob } from "./blob-process.ts";
import { diffOf, mergeBaseOf } from "./compare-commits.ts";
import { type GitProgram, runGit } from "./git-command.ts";
import { readLog } from "./git-log.ts";
import { lastCommits } from "./last-commits.ts";
import { moveRefs } from "./move-ref.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { ObjectReaderPool } from "./object-reader-pool.ts";
import { pathsOfBlobs } from "./paths-of-blobs.ts";
import { RefFiles } from "./ref-files.ts";
import { clearStagingLeftovers, StagedLooseObjects } from "./staged-loose-objects.ts";
import type { StructureCache } from "./structure-cache.ts";

/** Blobs up to this size go through memory; larger ones get a process of their own and flow through a pipe. */
const IN_MEMORY_BYTES = 256 * 1024;
/** A tree or commit above this is refused: reading it would cost memory out of proportion. */
const MAX_STRUCTURE_BYTES = 64 * 1024 * 1024;

export interface BareRepositoryOptions {
  readonly program: GitProgram;
  readonly readers: ObjectReaderPool;
  readonly structures: StructureCache;
  /** A text that was never used before, for temporary names. */
  readonly nonce: () => string;
  /** Milliseconds since 1970 at which this process took over the data directory: older lock files have no owner. */
  readonly startedAtMs: number;
}

/** One bare repository on disk. */
export class BareRepository implements GitRepository {
  readonly repoId: string;
  readonly #directory: string;
  readonly #options: BareRepositoryOptions;
  readonly #refs: RefFiles;
  #leftoversCleared: Promise<void> | undefined;

  constructor(repoId: string, directory: string, options: BareRepositoryOptions) {
    this.repoId = repoId;
    this.#directory = directory;
    this.#options = options;
    this.#refs = new RefFiles(directory);
  }

  async resolveRevision(revision: string): Promise<ObjectId | undefined> {
    const oid = parseObjectId(revision);
    if (oid !== undefined) return await this.#peel(oid, false);
    if (revision === "HEAD") return await this.#readPeeled("HEAD");
    if (revision.startsWith("refs/")) return await this.readRef(revision);
    if (!isBranchOrTagName(revision)) return undefined;
    return (await this.readRef(`refs/heads/${revision}`)) ?? (await this.readRef(`refs/tags/${revision}`));
  }

  async readRef(ref: string): Promise<ObjectId | undefined> {
    return isFullRef(ref) ? await this.#readPeeled(ref) : undefined;
  }

  async readRefTarget(ref: string): Promise<ObjectId | undefined> {
    return isFullRef(ref) ? await this.#refs.read(ref) : undefined;
  }

  async entryAt(commit: ObjectId, path: string): Promise<TreeEntry | undefined> {
    const item = await this.#itemAt(commit, path);
    return item === undefined ? undefined : await this.#sized({ ...item, path });
  }

  async openBlob(oid: ObjectId, range?: ByteRange): Promise<OpenBlob> {
    const info = await this.#ask((reader) => reader.info(oid));
    if (info?.type !== "blob") throw new Error(`no blob ${oid}`);
    if (info.size > IN_MEMORY_BYTES) {
      return { size: info.size, stream: openLargeBlob(this.#options.program, this.#directory, oid, info.size, range) };
    }
    const object = await this.#ask((reader) => reader.content(oid));
    if (object === undefined) throw new Error(`no blob ${oid}`);
    const start = range?.start ?? 0;
    const part = object.content.subarray(start, range === undefined ? undefined : start + range.length);
    return { size: info.size, stream: Readable.from(part.length === 0 ? [] : [part]) };
  }

  async readBlob(oid: ObjectId, maxBytes: number): Promise<Buffer | undefined> {
    const info = await this.#ask((reader) => reader.info(oid));
    if (info?.type !== "blob" || info.size > maxBytes) return undefined;
    return (await this.#ask((reader) => reader.content(oid)))?.content;
  }

  async listTree(commit: ObjectId, query: TreeQuery): Promise<TreePage | undefined> {
    const folder = await this.#itemAt(commit, query.path);
    if (folder?.mode !== FOLDER_MODE) return undefined;
    const page = await listTreePage((oid) => this.#presentTree(oid), folder.oid, { ...query, base: query.path });
    const entries = await Promise.all(page.items.map((item) => this.#sized(item)));
    return { entries, next: page.more ? entries.at(-1)?.path : undefined };
  }

  async readTree(oid: ObjectId): Promise<readonly TreeItem[] | undefined> {
    const known = this.#options.structures.get(this.repoId, oid);
    if (known !== undefined) return known.kind === "tree" ? known.items : undefined;
    const content = await this.#structure(oid, "tree");
    if (content === undefined) return undefined;
    const items = parseTree(content);
    this.#options.structures.set(this.repoId, oid, { kind: "tree", items }, content.length);
    return items;
  }

  async readCommit(id: ObjectId): Promise<Commit | undefined> {
    const known = this.#options.structures.get(this.repoId, id);
    if (known !== undefined) return known.kind === "commit" ? known.commit : undefined;
    const content = await this.#structure(id, "commit");
    const commit = content === undefined ? undefined : parseCommit(id, content);
    if (content === undefined || commit === undefined) return undefined;
    this.#options.structures.set(this.repoId, id, { kind: "commit", commit }, content.length);
    return commit;
  }

  async readRawCommit(id: ObjectId): Promise<Buffer | undefined> {
    return await this.#structure(id, "commit");
  }

  async log(
    from: ObjectId,
    page: { readonly skip: number; readonly limit: number; readonly path?: string; readonly exclude?: ObjectId },
  ): Promise<readonly Commit[]> {
    return await readLog(this.#options.program, this.#directory, from, page);
  }

  async mergeBase(one: ObjectId, other: ObjectId): Promise<ObjectId | undefined> {
    return await mergeBaseOf(this.#options.program, this.#directory, one, other);
  }

  async diff(from: ObjectId, to: ObjectId, maxBytes: number): Promise<string> {
    return await diffOf(this.#options.program, this.#directory, from, to, maxBytes);
  }

  async countCommits(from: ObjectId): Promise<number> {
    const { status, stdout, stderr } = await this.#run(["rev-list", "--count", from, "--"]);
    if (status !== 0) throw new Error(`git rev-list failed: ${stderr}`);
    return Number(stdout.toString("latin1").trim());
  }

  async newCommits(from: ObjectId, limit: number): Promise<readonly ObjectId[]> {
    const args = ["rev-list", "--topo-order", `--max-count=${limit}`, from, "--not", "--all", "--"];
    const { status, stdout, stderr } = await this.#run(args);
    if (status !== 0) throw new Error(`git rev-list failed: ${stderr}`);
    return stdout
      .toString("latin1")
      .split("\n")
      .flatMap((line) => parseObjectId(line) ?? []);
  }

  async pathsOfBlobs(blobs: ReadonlySet<ObjectId>): Promise<ReadonlyMap<ObjectId, string>> {
    return await pathsOfBlobs(this.#options.program, this.#directory, blobs);
  }

  async lastCommits(
    from: ObjectId,
    entries: readonly Pick<TreeEntry, "path" | "oid">[],
  ): Promise<ReadonlyMap<string, Commit>> {
    return await lastCommits(this.#options.program, this.#directory, from, entries);
  }

  async listRefs(prefix: string): Promise<readonly Ref[]> {
    const format = "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)";
    const { status, stdout, stderr } = await this.#run(["for-each-ref", `--format=${format}`, prefix]);
    if (status !== 0) throw new Error(`git for-each-ref failed: ${stderr}`);
    return stdout
      .toString("utf8")
      .split("\n")
      .flatMap((line) => {
        const [ref = "", oid = "", type, peeled = "", peeledType] = line.split("\0");
        const commit = parseObjectId(type === "commit" ? oid : peeledType === "commit" ? peeled : "");
        return commit === undefined ? [] : [{ ref, commit }];
      });
  }

  async updateRef(ref: string, to: ObjectId | undefined, expected: ObjectId | undefined): Promise<RefUpdate> {
    return await this.updateRefs([{ ref, to, expected }]);
  }

  async updateRefs(moves: readonly RefMove[]): Promise<RefUpdate> {
    const { program, startedAtMs } = this.#options;
    return await moveRefs(program, this.#directory, startedAtMs, moves);
  }

  async stageObjects(): Promise<StagedObjects> {
    this.#leftoversCleared ??= clearStagingLeftovers(this.#directory, this.#options.startedAtMs);
    await this.#leftoversCleared;
    return await StagedLooseObjects.begin(
      this.#directory,
      this.#options.nonce(),
      async (oid) => (await this.#ask((reader) => reader.info(oid))) !== undefined,
    );
  }

  #ask<T>(question: (reader: ObjectReader) => Promise<T>): Promise<T> {
    return this.#options.readers.ask(this.#directory, question);
  }

  #run(args: readonly string[], input = ""): ReturnType<typeof runGit> {
    return runGit(this.#options.program, this.#directory, args, { input });
  }

  async #readPeeled(ref: string): Promise<ObjectId | undefined> {
    const oid = await this.#refs.read(ref);
    return oid === undefined ? undefined : await this.#peel(oid, true);
  }

  /** Follows annotated tags to a commit. */
  async #peel(oid: ObjectId, throughTags: boolean): Promise<ObjectId | undefined> {
    if (this.#options.structures.get(this.repoId, oid)?.kind === "commit") return oid;
    const info = await this.#ask((reader) => reader.info(oid));
    if (info?.type === "commit") return oid;
    if (info?.type !== "tag" || !throughTags) return undefined;
    const content = await this.#structure(oid, "tag");
    const target = parseObjectId(/^object ([0-9a-f]{40})\n/.exec(content?.toString("latin1") ?? "")?.[1] ?? "");
    // A tag names an object that existed before it, so this ends.
    return target === undefined ? undefined : await this.#peel(target, true);
  }

  async #itemAt(commit: ObjectId, path: string): Promise<TreeItem | undefined> {
    const root = (await this.readCommit(commit))?.tree;
    if (root === undefined) return undefined;
    let item: TreeItem = { name: "", mode: FOLDER_MODE, oid: root };
    for (const name of path === "" ? [] : path.split("/")) {
      if (item.mode !== FOLDER_MODE) return undefined;
      const found = (await this.readTree(item.oid))?.find((entry) => entry.name === name);
      if (found === undefined) return undefined;
      item = found;
    }
    return item;
  }

  async #presentTree(oid: ObjectId): Promise<readonly TreeItem[]> {
    const items = await this.readTree(oid);
    if (items === undefined) throw new Error(`no tree ${oid}`);
    return items;
  }

  async #sized({ path, mode, oid }: TreeItem & { readonly path: string }): Promise<TreeEntry> {
    if (mode === FOLDER_MODE) return { path, mode, type: "directory", oid, size: 0 };
    if (mode === SUBMODULE_MODE) return { path, mode, type: "submodule", oid, size: 0 };
    const info = await this.#ask((reader) => reader.info(oid));
    if (info?.type !== "blob") throw new Error(`no blob ${oid}`);
    return { path, mode, type: "file", oid, size: info.size };
  }

  async #structure(oid: ObjectId, type: "tree" | "commit" | "tag"): Promise<Buffer | undefined> {
    const info = await this.#ask((reader) => reader.info(oid));
    if (info?.type !== type) return undefined;
    if (info.size > MAX_STRUCTURE_BYTES) throw new Error(`${type} ${oid} is too large`);
    return (await this.#ask((reader) => reader.content(oid)))?.content;
  }
}
