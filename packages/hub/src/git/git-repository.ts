import type { Readable } from "node:stream";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { ObjectId } from "./object-id.ts";
import type { TreeItem } from "./tree-object.ts";

/** What a path names at one commit. */
export interface TreeEntry {
  /** From the root of the repo, no leading slash. */
  readonly path: string;
  /** As git stores it: `100644`, `100755`, `120000` (symbolic link), `40000` (folder), `160000` (submodule). */
  readonly mode: string;
  readonly type: "file" | "directory" | "submodule";
  /** Of the blob or tree; of a commit elsewhere for a submodule. */
  readonly oid: ObjectId;
  /** Bytes of the blob (of the pointer, for an LFS file); 0 for anything but a file. */
  readonly size: number;
}

/** An open blob. Read `stream` to its end or destroy it. */
export interface OpenBlob {
  /** Bytes of the whole blob, whatever range was asked for. */
  readonly size: number;
  readonly stream: Readable;
}

/** Bytes `start` to `start + length - 1`; the caller has checked them against the size. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

export interface TreePage {
  readonly entries: readonly TreeEntry[];
  /** Give it back as `after` for the next page; `undefined` at the end. */
  readonly next: string | undefined;
}

export interface TreeQuery {
  /** Folder, `""` for the root. */
  readonly path: string;
  /** Folders come before what is in them. */
  readonly recursive: boolean;
  /** The last path of the page before. */
  readonly after: string | undefined;
  /** 1 to 10,000 entries. */
  readonly limit: number;
}

export interface Commit {
  readonly id: ObjectId;
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
  readonly authorName: string;
  readonly authorEmail: string;
  /** Seconds since 1970, as the committer wrote it. */
  readonly committedAt: number;
  /** First line of the message. */
  readonly title: string;
  /** The rest of the message. */
  readonly body: string;
}

export interface Ref {
  /** Full: `refs/heads/main`. */
  readonly ref: string;
  /** The commit, also where the ref names an annotated tag. */
  readonly commit: ObjectId;
}

/** Outcome of moving a ref: `stale` when it did not hold the expected value any more, `clash` when `a` and `a/b` cannot both exist. */
export type RefUpdate = "updated" | "stale" | "clash";

/** From what a ref is moved to what; `undefined` stands for "does not exist". */
export interface RefMove {
  /** Full. */
  readonly ref: string;
  readonly to: ObjectId | undefined;
  readonly expected: ObjectId | undefined;
}

/** Port: one repo's git objects and refs. Everything it answers is committed data; half-made commits are never seen. */
export interface GitRepository {
  readonly repoId: string;
  /** A branch, a tag, a full commit id, a full ref (`refs/pr/1`) or `HEAD`, in this order. */
  resolveRevision(revision: string): Promise<ObjectId | undefined>;
  /** What a full ref points to, peeled to a commit. */
  readRef(ref: string): Promise<ObjectId | undefined>;
  /** What a full ref holds, not peeled: the id of an annotated tag where it names one. The value for `updateRef`. */
  readRefTarget(ref: string): Promise<ObjectId | undefined>;
  /** `undefined` when nothing is there; a path that breaks the grammar is never there. `""` is the root folder. */
  entryAt(commit: ObjectId, path: string): Promise<TreeEntry | undefined>;
  /** Flat memory whatever the size. @throws {Error} when there is no such blob. */
  openBlob(oid: ObjectId, range?: ByteRange): Promise<OpenBlob>;
  /** The whole blob in memory; `undefined` when it is larger than `maxBytes` or absent. */
  readBlob(oid: ObjectId, maxBytes: number): Promise<Buffer | undefined>;
  /** `undefined` when `path` is no folder. @throws {HubError} 400 when `after` names nothing. */
  listTree(commit: ObjectId, query: TreeQuery): Promise<TreePage | undefined>;
  /** One folder as git stores it, in git's order; `undefined` when `oid` is no tree. */
  readTree(oid: ObjectId): Promise<readonly TreeItem[] | undefined>;
  readCommit(id: ObjectId): Promise<Commit | undefined>;
  /** The commit object as git stores it, without its header. */
  readRawCommit(id: ObjectId): Promise<Buffer | undefined>;
  /** Newest first, `skip` left out, at most `limit`; only those that changed `path`, and none that `exclude` reaches, when given. */
  log(
    from: ObjectId,
    page: { readonly skip: number; readonly limit: number; readonly path?: string; readonly exclude?: ObjectId },
  ): Promise<readonly Commit[]>;
  /** The newest commit that both have in their history. */
  mergeBase(one: ObjectId, other: ObjectId): Promise<ObjectId | undefined>;
  /** A unified diff of two commits, cut after `maxBytes`. */
  diff(from: ObjectId, to: ObjectId, maxBytes: number): Promise<string>;
  countCommits(from: ObjectId): Promise<number>;
  /** Commits that `from` leads to and no ref does, newest first, `from` itself (or what it tags) at the front. */
  newCommits(from: ObjectId, limit: number): Promise<readonly ObjectId[]>;
  /** A path of each of these blobs, wherever in the history of any ref it stands; those that stand nowhere are left out. */
  pathsOfBlobs(blobs: ReadonlySet<ObjectId>): Promise<ReadonlyMap<ObjectId, string>>;
  /** The newest commit that made each entry what it is, by one walk through the history; a path is left out when the walk takes too long. */
  lastCommits(
    from: ObjectId,
    entries: readonly Pick<TreeEntry, "path" | "oid">[],
  ): Promise<ReadonlyMap<string, Commit>>;
  /** All refs below `prefix`, for example `refs/heads/`. */
  listRefs(prefix: string): Promise<readonly Ref[]>;
  /** Compare-and-swap, durable when it resolves. `undefined` stands for "does not exist". */
  updateRef(ref: string, to: ObjectId | undefined, expected: ObjectId | undefined): Promise<RefUpdate>;
  /** Like `updateRef` for several refs: all of them move or none. */
  updateRefs(moves: readonly RefMove[]): Promise<RefUpdate>;
  /** A place for new objects of one commit, invisible until published. */
  stageObjects(): Promise<StagedObjects>;
}

/** A blob in the making. End it with `finish` or `discard`. */
export interface BlobWriter {
  write(content: Uint8Array): Promise<void>;
  finish(): Promise<ObjectId>;
  /** Forgets it; does nothing after `finish`. */
  discard(): Promise<void>;
}

/** Objects that are written but not yet part of the repo. Dispose of it whatever happens. */
export interface StagedObjects extends AsyncDisposable {
  writeBlob(content: Uint8Array): Promise<ObjectId>;
  /** For a blob that comes in pieces: memory stays flat whatever its size. */
  openBlobWriter(): Promise<BlobWriter>;
  /** A blob that was written here and not published yet; `undefined` for any other. @throws {RangeError} when it is larger. */
  readBlob(oid: ObjectId, maxBytes: number): Promise<Buffer | undefined>;
  writeTree(content: Uint8Array): Promise<ObjectId>;
  writeCommit(content: Uint8Array): Promise<ObjectId>;
  /** An annotated tag. */
  writeTag(content: Uint8Array): Promise<ObjectId>;
  /** Makes all of them durable and visible to git. */
  publish(): Promise<void>;
}

/** Port: the git repos of the catalogue. */
export interface GitRepositories {
  /** Cheap: processes are started when something is read. */
  open(repo: Pick<StoredRepo, "repoId">): GitRepository;
}
