import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createDeflate, deflate, inflate } from "node:zlib";
import type { BlobWriter, StagedObjects } from "../../git/git-repository.ts";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { isSystemError } from "./ref-files.ts";
import { syncDirectory, syncFile } from "./sync-path.ts";

const deflated = promisify(deflate);
const inflated = promisify(inflate);

/** How many files are synced at a time. */
const SYNC_WIDTH = 8;
/** Git's own level for loose objects: speed first, a later repack does better. */
const COMPRESSION = { level: 1 } as const;
const PIECE_BYTES = 256 * 1024;
/** `commit`, a blank, the size, NUL. */
const MAX_HEADER_BYTES = 32;

/** Names a folder of objects that are not part of the repo yet. */
export const STAGING_PREFIX: string = "tmp_objdir-incoming-";

/** Removes what commits left that were cut off before this process took over the data directory. */
export async function clearStagingLeftovers(gitDirectory: string, startedAtMs: number): Promise<void> {
  const objects = join(gitDirectory, "objects");
  for (const name of await readdir(objects)) {
    const folder = join(objects, name);
    if (!name.startsWith(STAGING_PREFIX) || !(await isOlderThan(folder, startedAtMs))) continue;
    await rm(folder, { recursive: true, force: true });
  }
}

/** Not its parents: a repo that was deleted meanwhile must not come back as an empty folder. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
  }
}

/** A folder that is gone by now belonged to a commit or push that has ended meanwhile. */
async function isOlderThan(folder: string, timeMs: number): Promise<boolean> {
  try {
    return (await stat(folder)).mtimeMs < timeMs;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
}

/**
 * New loose objects in a folder of their own, moved into the repo when they are published.
 *
 * Until then a crash leaves only that folder, under the name that git's own `prune` clears away (`tmp_objdir-`).
 */
export class StagedLooseObjects implements StagedObjects {
  readonly #objects: string;
  readonly #folder: string;
  readonly #exists: (oid: ObjectId) => Promise<boolean>;
  readonly #staged = new Set<ObjectId>();
  /** What this commit needs and somebody else stored, perhaps a moment ago. */
  readonly #found = new Set<ObjectId>();
  #spools = 0;

  private constructor(objects: string, folder: string, exists: (oid: ObjectId) => Promise<boolean>) {
    this.#objects = objects;
    this.#folder = folder;
    this.#exists = exists;
  }

  static async begin(
    gitDirectory: string,
    nonce: string,
    exists: (oid: ObjectId) => Promise<boolean>,
  ): Promise<StagedLooseObjects> {
    const objects = join(gitDirectory, "objects");
    const folder = join(objects, STAGING_PREFIX + nonce);
    await mkdir(folder);
    return new StagedLooseObjects(objects, folder, exists);
  }

  async writeBlob(content: Uint8Array): Promise<ObjectId> {
    return await this.#write("blob", content);
  }

  async openBlobWriter(): Promise<BlobWriter> {
    this.#spools += 1;
    const path = join(this.#folder, `spool-${this.#spools}`);
    const file = await open(path, "wx+");
    let size = 0;
    let ended = false;
    const end = async (): Promise<void> => {
      if (ended) return;
      ended = true;
      await file.close();
      await rm(path, { force: true });
    };
    return {
      write: async (content) => {
        size += content.byteLength;
        await file.writeFile(content);
      },
      finish: async () => {
        try {
          return await this.#writeSpooled(file, size);
        } finally {
          await end();
        }
      },
      discard: end,
    };
  }

  async readBlob(oid: ObjectId, maxBytes: number): Promise<Buffer | undefined> {
    if (!this.#staged.has(oid)) return undefined;
    const stored = await readFile(join(this.#folder, oid));
    const object = await inflated(stored, { maxOutputLength: maxBytes + MAX_HEADER_BYTES });
    return object.subarray(object.indexOf(0) + 1);
  }

  async writeTree(content: Uint8Array): Promise<ObjectId> {
    return await this.#write("tree", content);
  }

  async writeCommit(content: Uint8Array): Promise<ObjectId> {
    return await this.#write("commit", content);
  }

  async writeTag(content: Uint8Array): Promise<ObjectId> {
    return await this.#write("tag", content);
  }

  async publish(): Promise<void> {
    const oids = [...this.#staged];
    await inParallel(oids, (oid) => syncFile(join(this.#folder, oid)));
    const folders = new Set(oids.map((oid) => this.#folderOf(oid)));
    for (const folder of folders) await makeFolder(folder);
    // An object of that name that is there already has the same content, so replacing it changes nothing.
    for (const oid of oids) await rename(join(this.#folder, oid), join(this.#folderOf(oid), oid.slice(2)));
    // A commit or push at work beside this one may have moved an object into place and not synced its folder yet.
    for (const oid of this.#found) folders.add(this.#folderOf(oid));
    if (this.#found.size > 0) folders.add(join(this.#objects, "pack"));
    await inParallel([...folders], syncFolderIfAny);
    await syncDirectory(this.#objects);
    this.#staged.clear();
    this.#found.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #folderOf(oid: ObjectId): string {
    return join(this.#objects, oid.slice(0, 2));
  }

  async #isThere(oid: ObjectId): Promise<boolean> {
    if (this.#staged.has(oid) || this.#found.has(oid)) return true;
    if (!(await this.#exists(oid))) return false;
    this.#found.add(oid);
    return true;
  }

  /** The header with the size comes first in what is hashed, hence the detour over a file. */
  async #writeSpooled(file: FileHandle, size: number): Promise<ObjectId> {
    const header = Buffer.from(`blob ${size}\0`);
    const hash = createHash("sha1").update(header);
    for await (const chunk of piecesOf(file)) hash.update(chunk);
    const oid = toObjectId(hash.digest("hex"));
    if (await this.#isThere(oid)) return oid;
    const path = join(this.#folder, oid);
    const content = async function* (): AsyncGenerator<Uint8Array> {
      yield header;
      yield* piecesOf(file);
    };
    await pipeline(content, createDeflate(COMPRESSION), createWriteStream(path, { mode: 0o444 }));
    this.#staged.add(oid);
    return oid;
  }

  async #write(type: "blob" | "tree" | "commit" | "tag", content: Uint8Array): Promise<ObjectId> {
    const header = Buffer.from(`${type} ${content.byteLength}\0`);
    const oid = toObjectId(createHash("sha1").update(header).update(content).digest("hex"));
    if (await this.#isThere(oid)) return oid;
    const path = join(this.#folder, oid);
    const file = await open(path, "w", 0o444);
    try {
      await file.writeFile(await deflated(Buffer.concat([header, content]), COMPRESSION));
    } finally {
      await file.close();
    }
    await chmod(path, 0o444);
    this.#staged.add(oid);
    return oid;
  }
}

async function syncFolderIfAny(folder: string): Promise<void> {
  try {
    await syncDirectory(folder);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
}

async function* piecesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function toObjectId(hex: string): ObjectId {
  const oid = parseObjectId(hex);
  if (oid === undefined) throw new Error("unreachable: SHA-1 is 40 hex digits");
  return oid;
}

async function inParallel<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await task(item);
  };
  await Promise.all(Array.from({ length: SYNC_WIDTH }, worker));
}
