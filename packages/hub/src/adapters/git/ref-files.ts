import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { isFullRef } from "../../git/ref-name.ts";

/** A symbolic ref that leads further than this leads nowhere. */
const MAX_HOPS = 5;

/**
 * Reads refs as git's files backend stores them: a loose file first, then `packed-refs`.
 *
 * Asking git by name would also try its short forms (`x-g1234567`, `refs/heads/refs/heads/x`), so that a branch that does not exist
 * could resolve.
 */
export class RefFiles {
  readonly #gitDirectory: string;
  #packed: { readonly stamp: string; readonly refs: ReadonlyMap<string, ObjectId> } | undefined;

  constructor(gitDirectory: string) {
    this.#gitDirectory = gitDirectory;
  }

  /** What a full ref or `HEAD` holds: a commit or an annotated tag. */
  async read(ref: string): Promise<ObjectId | undefined> {
    let name = ref;
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (name !== "HEAD" && !isFullRef(name)) return undefined;
      const text = await this.#looseText(name);
      if (text === undefined) return (await this.#packedRefs()).get(name);
      if (!text.startsWith("ref: ")) return parseObjectId(text);
      name = text.slice(5);
    }
    return undefined;
  }

  async #looseText(ref: string): Promise<string | undefined> {
    try {
      return (await readFile(join(this.#gitDirectory, ref), "utf8")).trim();
    } catch (error) {
      // A folder where the ref would be, or a file where its folder would be, means that there is no such ref.
      if (isSystemError(error, "ENOENT", "EISDIR", "ENOTDIR", "ENAMETOOLONG")) return undefined;
      throw error;
    }
  }

  async #packedRefs(): Promise<ReadonlyMap<string, ObjectId>> {
    const path = join(this.#gitDirectory, "packed-refs");
    try {
      const { mtimeNs, size, ino } = await stat(path, { bigint: true });
      const stamp = `${mtimeNs} ${size} ${ino}`;
      if (this.#packed?.stamp !== stamp) this.#packed = { stamp, refs: parsePackedRefs(await readFile(path, "utf8")) };
      return this.#packed.refs;
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return new Map();
      throw error;
    }
  }
}

function parsePackedRefs(text: string): ReadonlyMap<string, ObjectId> {
  const refs = new Map<string, ObjectId>();
  for (const line of text.split("\n")) {
    const oid = parseObjectId(line.slice(0, 40));
    if (oid !== undefined && line[40] === " ") refs.set(line.slice(41), oid);
  }
  return refs;
}

/** Is this the error of a system call, with one of these codes? */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code);
}
