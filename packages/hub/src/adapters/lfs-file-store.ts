import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LfsOid } from "../lfs/lfs-oid.ts";
import {
  type LfsStore,
  type MultipartUpload,
  partSizeOf,
  type ReceivedPart,
  type StoredObject,
} from "../lfs/lfs-store.ts";
import { storageRefusal } from "../repos/storage-refusal.ts";
import { FileUpkeep, objectPathIn } from "./file-upkeep.ts";
import { syncDirectory } from "./git/sync-path.ts";
import { checkedPartFiles, partFileName, readInTurn } from "./part-files.ts";
import { StoredFileStream } from "./stored-file-stream.ts";
import { type ExpectedBytes, type WritableFile, writeVerified } from "./write-verified.ts";

export interface LfsFileStoreOptions {
  /** Makes a new file for writing; a seam for tests of full disks. */
  readonly createFile?: (path: string) => Promise<WritableFile>;
}

/**
 * LFS objects as files: `ab/cd/abcd…` for finished ones, `incoming/` for those on their way, `parts/{upload}/` for uploads in
 * parts; all below one folder, so that a finished file is moved into place by one atomic rename. The layout is documented in
 * `docs/reference/lfs-store.md`; anybody can check it with `sha256sum`.
 */
export class LfsFileStore implements LfsStore {
  readonly #root: string;
  readonly #createFile: (path: string) => Promise<WritableFile>;
  readonly #restores: boolean;
  /** What garbage collection and `hub fsck` do with this store. */
  readonly upkeep: FileUpkeep;

  /**
   * Opens the store in `directory` and removes what crashed uploads left in `incoming/`. Only one process may have it open.
   */
  static async open(directory: string, options: LfsFileStoreOptions = {}): Promise<LfsFileStore> {
    await rm(join(directory, "incoming"), { recursive: true, force: true });
    await mkdir(join(directory, "incoming"), { recursive: true });
    await mkdir(join(directory, "parts"), { recursive: true });
    return new LfsFileStore(directory, options);
  }

  /** For reading only, beside the process that has it open: nothing is cleared away, and nothing brought back from the quarantine. */
  static look(directory: string): LfsFileStore {
    return new LfsFileStore(directory, {}, false);
  }

  private constructor(root: string, options: LfsFileStoreOptions, restores = true) {
    this.#root = root;
    this.#restores = restores;
    this.upkeep = new FileUpkeep(root);
    this.#createFile = options.createFile ?? ((path) => open(path, "wx"));
  }

  async sizeOf(oid: LfsOid): Promise<number | undefined> {
    const object = await this.open(oid);
    await object?.close();
    return object?.size;
  }

  async open(oid: LfsOid): Promise<StoredObject | undefined> {
    const file = (await openIfPresent(this.#objectPath(oid))) ?? (await this.#openQuarantined(oid));
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      return {
        size,
        stream: (start, end) => new StoredFileStream(file, start, end),
        close: () => file.close(),
      };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async receive(oid: LfsOid, size: number, source: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#storeAs(this.#objectPath(oid), { oid, size }, source);
  }

  async receivePart(upload: MultipartUpload, partNumber: number, source: AsyncIterable<Uint8Array>): Promise<string> {
    const folder = this.#partsFolder(upload);
    await orStorageFull(mkdir(folder, { recursive: true }));
    const tag = randomBytes(16).toString("hex");
    // Parts never overwrite each other: a second sender of the same part cannot change what a completion is reading.
    await this.#writeAside({ size: partSizeOf(upload, partNumber) }, source, (path) =>
      rename(path, join(folder, partFileName(partNumber, tag))),
    );
    return tag;
  }

  async assemble(upload: MultipartUpload, parts: readonly ReceivedPart[]): Promise<void> {
    const folder = this.#partsFolder(upload);
    const files = await checkedPartFiles(folder, upload, parts);
    await this.#storeAs(this.#objectPath(upload.oid), upload, readInTurn(files));
    // The object stands; parts that cannot be removed now expire.
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }

  /** A quarantined object that somebody asks for is in use. */
  async #openQuarantined(oid: LfsOid): Promise<FileHandle | undefined> {
    if (!this.#restores) return undefined;
    return (await this.upkeep.restore(oid)) === "absent" ? undefined : await openIfPresent(this.#objectPath(oid));
  }

  async #storeAs(path: string, expected: ExpectedBytes, source: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#writeAside(expected, source, async (written) => {
      const folders = [join(path, "..", ".."), join(path, "..")];
      for (const folder of folders) await mkdir(folder, { recursive: true });
      // Replaces a copy that is there already: the bytes are proven equal, and a copy gone bad is healed.
      await rename(written, path);
      // All of them every time: another upload may have made a folder a moment ago and not synced its parent yet.
      for (const folder of [...folders.reverse(), this.#root]) await syncDirectory(folder);
    });
  }

  async #writeAside(
    expected: ExpectedBytes,
    source: AsyncIterable<Uint8Array>,
    place: (path: string) => Promise<void>,
  ): Promise<void> {
    const path = join(this.#root, "incoming", randomBytes(16).toString("hex"));
    try {
      const file = await this.#createFile(path);
      try {
        await writeVerified(file, source, expected);
      } finally {
        await file.close();
      }
      await place(path);
    } catch (error) {
      await rm(path, { force: true }).catch(() => {});
      throw storageRefusal(error);
    }
  }

  #objectPath(oid: LfsOid): string {
    return objectPathIn(this.#root, oid);
  }

  #partsFolder({ uploadId }: MultipartUpload): string {
    // It comes from a signed ticket; this keeps a mistake there from becoming a path.
    if (!/^[0-9a-f]{32}$/.test(uploadId)) throw new TypeError("not an upload id");
    return join(this.#root, "parts", uploadId);
  }
}

async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function orStorageFull<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storageRefusal(error);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
