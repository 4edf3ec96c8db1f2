import type { Readable } from "node:stream";
import { HubError } from "@postern/core/error/hub-error";
import type { GitRepository, TreeEntry } from "../git/git-repository.ts";
import type { DirectTransfers, DownloadAnswer } from "../lfs/direct-transfers.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import type { LfsOid } from "../lfs/lfs-oid.ts";
import type { LfsStore } from "../lfs/lfs-store.ts";
import { linkedPointer } from "../lfs/linked-pointer.ts";
import { ExactLength } from "./exact-length.ts";

/** What a file's bytes are, before any of them is read. */
export interface FileContent {
  /** Blob id, or SHA-256 for an LFS object. */
  readonly digest: string;
  readonly isLfs: boolean;
  /** Bytes. */
  readonly size: number;
  /**
   * Opens the bytes, having checked that they are as many as `size` says.
   *
   * @throws {HubError} 500 `Unavailable` when they are not.
   */
  open(): Promise<OpenContent>;
  /** A URL of the store itself for these bytes, where it has some; checked like `open`. */
  readonly elsewhere?: ((answer: DownloadAnswer, seconds: number) => Promise<string>) | undefined;
}

/** Opened content: stream it or close it. */
export interface OpenContent {
  /** Bytes `start` to `end` inclusive; for nothing at all, close instead. Fails rather than end early. */
  stream(start: number, end: number): Promise<Readable>;
  close(): Promise<void>;
}

/** The bytes of a file entry as git holds them: the pointer, for an LFS file. */
export function blobContent(git: GitRepository, entry: TreeEntry): FileContent {
  return {
    digest: entry.oid,
    isLfs: false,
    size: entry.size,
    open: async () => ({
      stream: async (start, end) => {
        const length = end - start + 1;
        const blob = await git.openBlob(entry.oid, { start, length });
        if (blob.size !== entry.size) {
          blob.stream.destroy();
          throw damaged(entry.oid);
        }
        const exact = new ExactLength(length);
        // Not `pipeline`: whoever destroys the outer stream has to reach the inner one, and an inner error the outer.
        blob.stream.once("error", (error) => exact.destroy(error));
        exact.once("close", () => blob.stream.destroy());
        return blob.stream.pipe(exact);
      },
      close: async () => {},
    }),
  };
}

/** The bytes that a reader means by a file entry: of the LFS object where the entry stands for one that this repo holds. */
export async function fileContent(
  git: GitRepository,
  entry: TreeEntry,
  lfs: {
    readonly links: LfsObjects;
    readonly store: Pick<LfsStore, "open" | "sizeOf">;
    readonly direct?: Pick<DirectTransfers, "downloadUrl"> | undefined;
  },
): Promise<FileContent> {
  const pointer = await linkedPointer(git, entry, lfs.links);
  if (pointer === undefined) return blobContent(git, entry);
  const content = objectContent(pointer, lfs.store);
  const { direct } = lfs;
  if (direct === undefined) return content;
  return {
    ...content,
    elsewhere: async (answer, seconds) => {
      if ((await lfs.store.sizeOf(pointer.oid)) !== pointer.size) throw damaged(pointer.oid);
      return await direct.downloadUrl(pointer.oid, answer, seconds);
    },
  };
}

/** The bytes of an LFS object. That the reader's repo holds it has been checked. */
export function objectContent(
  { oid, size }: { readonly oid: LfsOid; readonly size: number },
  store: Pick<LfsStore, "open">,
): FileContent {
  return {
    digest: oid,
    isLfs: true,
    size,
    open: async () => {
      const object = await store.open(oid);
      if (object?.size !== size) {
        await object?.close();
        throw damaged(oid);
      }
      return { stream: async (start, end) => object.stream(start, end), close: () => object.close() };
    },
  };
}

function damaged(digest: string): HubError {
  return new HubError(500, "Unavailable", "The stored bytes of this file are missing or damaged; nothing was sent.", {
    detail: { digest },
  });
}
