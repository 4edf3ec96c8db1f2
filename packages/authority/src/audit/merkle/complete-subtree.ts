import { nodeHash } from "./merkle-hash.ts";

/** A complete subtree: the leaves from `index * 2^level` on, `2^level` of them. Level 0 are the leaves. */
export interface CompleteSubtree {
  readonly level: number;
  readonly index: number;
}

/** A complete subtree and its hash. It never changes once its last leaf is there. */
export interface SubtreeHash extends CompleteSubtree {
  readonly hash: Uint8Array;
}

/**
 * The complete subtrees whose hashes make up `MTH(D[start:end])`, left to right.
 *
 * `start` must be a multiple of the largest power of two below `end - start` doubled, as it is for every range that RFC 6962 §2.1 splits off:
 * then the subtrees only shrink from left to right, and their hashes fold from the right.
 */
export function subtreesOf(start: number, end: number): readonly CompleteSubtree[] {
  const subtrees: CompleteSubtree[] = [];
  let at = start;
  while (at < end) {
    const level = levelWithin(end - at);
    const width = 2 ** level;
    if (at % width !== 0) throw new RangeError(`no node of the tree begins at leaf ${start} and ends before ${end}`);
    subtrees.push({ level, index: at / width });
    at += width;
  }
  return subtrees;
}

/** The hash of a range from the hashes of its complete subtrees, left to right. @throws {RangeError} when there are none. */
export function foldSubtrees(hashes: readonly Uint8Array[]): Uint8Array {
  const last = hashes.at(-1);
  if (last === undefined) throw new RangeError("no subtree to fold");
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

/** The largest power of two that is smaller than `size`, which is at least 2: where RFC 6962 §2.1 splits a tree. */
export function splitOf(size: number): number {
  return 2 ** levelWithin(size - 1);
}

/** The level of the largest complete subtree that fits into `size` leaves. */
function levelWithin(size: number): number {
  // Sizes pass 2^32 in principle, so no bit operators; log2 of a number just below a power of two may round up.
  const level = Math.floor(Math.log2(size));
  return 2 ** level > size ? level - 1 : level;
}
