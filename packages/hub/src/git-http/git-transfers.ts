import type { Readable } from "node:stream";
import type { Commit } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { TreeItem } from "../git/tree-object.ts";

/** The two programs that git speaks with over HTTP. */
export type GitService = "git-upload-pack" | "git-receive-pack";

/** Port: git's own programs for clones, fetches and pushes. */
export interface GitTransfers {
  /** The refs and capabilities of a repo, as the service tells them. `protocol`: a checked `Git-Protocol` header. */
  advertise(repoId: string, service: GitService, protocol: string | undefined, signal: AbortSignal): Promise<Readable>;
  /**
   * The answer of upload-pack to one request. Its processes end with the stream or with `signal`, whichever comes first.
   *
   * @throws {HubError} 503 `Unavailable` when too many transfers are under way.
   */
  uploadPack(repoId: string, request: Buffer, protocol: string | undefined, signal: AbortSignal): Promise<Readable>;
  /** Those of `wanted` that no ref leads to. Blobs and trees count as reached through any commit that a ref leads to. */
  unreachable(repoId: string, wanted: ReadonlySet<ObjectId>, signal: AbortSignal): Promise<readonly ObjectId[]>;
  /** A place for the objects of one push. @throws {HubError} 503 `Unavailable` as above. */
  beginPush(repoId: string, signal: AbortSignal): Promise<PushedObjects>;
}

export interface PushedObject {
  readonly oid: ObjectId;
  readonly type: "blob" | "tree" | "commit" | "tag";
  /** Bytes. */
  readonly size: number;
}

/** How the objects of a push arrived. */
export type Reception =
  | { readonly kind: "received"; readonly objects: number }
  /** The pack is broken, too large, or names objects that are nowhere. `reason`: one sentence for the pusher. */
  | { readonly kind: "refused"; readonly reason: string };

/**
 * The objects of one push in a place of their own: whoever reads the repo sees none of them until they are published.
 *
 * The repo's own objects can be read through it as well. Dispose of it whatever happens.
 */
export interface PushedObjects extends AsyncDisposable {
  /**
   * Takes in a pack; memory stays flat. Every object is checked as `git fsck` would, and everything that it names must be in the pack
   * or in the repo. Afterwards the whole of `pack` has been read, also when it was refused.
   *
   * @throws {Error} with code `ENOSPC` on a full disk; the signal's reason.
   */
  receive(pack: Readable, maxBytes: number): Promise<Reception>;
  /** Everything that came in, in no order. */
  list(): AsyncIterable<PushedObject>;
  typeOf(oid: ObjectId): Promise<PushedObject["type"] | undefined>;
  readBlob(oid: ObjectId): Promise<Buffer>;
  /** Follows an annotated tag to what it names; a commit is its own target. */
  peel(oid: ObjectId): Promise<ObjectId | undefined>;
  readTree(oid: ObjectId): Promise<readonly TreeItem[]>;
  readCommit(oid: ObjectId): Promise<Commit>;
  /** Is it in the repo itself? */
  isInRepo(oid: ObjectId): Promise<boolean>;
  /** Makes all objects part of the repo; durable when it resolves. */
  publish(): Promise<void>;
}
