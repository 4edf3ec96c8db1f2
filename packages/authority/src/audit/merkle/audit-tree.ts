import type { AuditReader } from "../audit-reader.ts";
import { canonicalLine } from "../canonical-entry.ts";
import { CompactRange } from "./compact-range.ts";
import { type CompleteSubtree, type SubtreeHash, subtreesOf } from "./complete-subtree.ts";
import { leafHash } from "./merkle-hash.ts";
import type { SubtreeStore } from "./subtree-store.ts";

/** Only every eighth level is stored: one hash for 256 entries. What lies between is computed from at most 256 hashes or entries. */
const STORED_STEP = 8;

/** Entries read and hashed in one go: small enough not to hold up other requests. */
const PAGE = 128;

/** Hashes that are stored together: each time costs a sync of the disk. */
const STORED_AT_ONCE = 64;

export interface AuditTreeDeps {
  readonly entries: Pick<AuditReader, "entriesAfter">;
  readonly subtrees: SubtreeStore;
  /** Lets other work run between two pages. */
  readonly breathe: () => Promise<void>;
}

/**
 * The Merkle tree over the audit log: leaf _n_ is the line of entry _n_ + 1.
 *
 * It grows when somebody asks for it, from the entries that were added since, never while an entry is written.
 */
export class AuditTree {
  readonly #deps: AuditTreeDeps;
  #range: CompactRange | undefined;

  constructor(deps: AuditTreeDeps) {
    this.#deps = deps;
  }

  /** Takes the entries up to number `size` in and gives their root. Calls must not overlap. @throws {Error} when an entry is missing. */
  async rootAfterGrowing(size: number): Promise<Uint8Array> {
    this.#range ??= await this.#rebuild();
    const range = this.#range;
    if (size < range.size) throw new RangeError(`the tree has ${range.size} leaves already`);
    try {
      await this.#grow(range, size);
    } catch (error) {
      // What was not stored must not be counted on.
      this.#range = undefined;
      throw error;
    }
    return range.root();
  }

  /** The hash of a complete subtree of entries that are there. @throws {Error} when they are not. */
  async read({ level, index }: CompleteSubtree): Promise<Uint8Array> {
    const stored = level - (level % STORED_STEP);
    const count = 2 ** (level - stored);
    const first = index * count;
    const hashes =
      stored === 0 ? await this.#leaves(first, count) : await this.#deps.subtrees.read(stored, first, count);
    if (hashes.length !== count) throw new Error(`the audit tree has no node ${level}/${index}`);
    const range = new CompactRange();
    for (const hash of hashes) range.append(hash);
    return range.root();
  }

  async #leaves(index: number, count: number): Promise<readonly Uint8Array[]> {
    const entries = await this.#deps.entries.entriesAfter(index, count);
    return entries.map((entry) => leafHash(canonicalLine(entry)));
  }

  async #rebuild(): Promise<CompactRange> {
    const size = (await this.#deps.subtrees.count(STORED_STEP)) * 2 ** STORED_STEP;
    const edge: Uint8Array[] = [];
    for (const subtree of subtreesOf(0, size)) edge.push(await this.read(subtree));
    return new CompactRange(size, edge);
  }

  async #grow(range: CompactRange, size: number): Promise<void> {
    let completed: SubtreeHash[] = [];
    while (range.size < size) {
      await this.#takePage(range, size, completed);
      if (completed.length >= STORED_AT_ONCE || range.size === size) {
        if (completed.length > 0) await this.#deps.subtrees.add(completed);
        completed = [];
      }
      await this.#deps.breathe();
    }
  }

  async #takePage(range: CompactRange, size: number, completed: SubtreeHash[]): Promise<void> {
    const page = await this.#deps.entries.entriesAfter(range.size, Math.min(PAGE, size - range.size));
    if (page.length === 0) throw new Error(`entry ${range.size + 1} of the audit log is missing`);
    for (const entry of page) {
      if (entry.seq !== range.size + 1) throw new Error(`entry ${range.size + 1} of the audit log is missing`);
      range.append(leafHash(canonicalLine(entry)), (subtree) => {
        if (subtree.level % STORED_STEP === 0) completed.push(subtree);
      });
    }
  }
}
