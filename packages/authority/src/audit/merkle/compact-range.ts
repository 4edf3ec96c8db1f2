import { foldSubtrees, type SubtreeHash, subtreesOf } from "./complete-subtree.ts";
import { EMPTY_ROOT, nodeHash } from "./merkle-hash.ts";

/** The right edge of a growing tree: one hash for each bit of its size that is set. Appending costs one node on average. */
export class CompactRange {
  #size: number;
  /** Largest subtree first. */
  readonly #edge: Uint8Array[];

  /** @param edge - Hashes of `subtreesOf(0, size)`. */
  constructor(size = 0, edge: readonly Uint8Array[] = []) {
    if (subtreesOf(0, size).length !== edge.length)
      throw new RangeError(`these are not the subtrees of ${size} leaves`);
    this.#size = size;
    this.#edge = [...edge];
  }

  get size(): number {
    return this.#size;
  }

  /** @param onComplete - Hears of every subtree above the leaves that this leaf completes, smallest first. */
  append(leaf: Uint8Array, onComplete?: (subtree: SubtreeHash) => void): void {
    this.#edge.push(leaf);
    let hash = leaf;
    let index = this.#size;
    for (let level = 1; index % 2 === 1; level += 1) {
      this.#edge.pop();
      const left = this.#edge.pop();
      if (left === undefined) throw new Error("the edge does not fit the size");
      hash = nodeHash(left, hash);
      this.#edge.push(hash);
      index = (index - 1) / 2;
      onComplete?.({ level, index, hash });
    }
    this.#size += 1;
  }

  root(): Uint8Array {
    return this.#size === 0 ? EMPTY_ROOT : foldSubtrees(this.#edge);
  }
}
