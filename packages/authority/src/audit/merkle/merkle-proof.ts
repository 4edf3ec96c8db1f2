import { type CompleteSubtree, foldSubtrees, splitOf, subtreesOf } from "./complete-subtree.ts";
import { EMPTY_ROOT } from "./merkle-hash.ts";

/** Gives the hash of a complete subtree. */
export type SubtreeReader = (subtree: CompleteSubtree) => Promise<Uint8Array>;

/** A range of leaves whose hash is one element of a proof: `start` inclusive, `end` exclusive. */
interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** The root over the first `size` leaves (RFC 6962 §2.1). */
export async function rootOf(size: number, read: SubtreeReader): Promise<Uint8Array> {
  return size === 0 ? EMPTY_ROOT : hashOf({ start: 0, end: size }, read);
}

/** `PATH(index, D[size])`: shows that a leaf is in the tree, from its sibling up (RFC 6962 §2.1.1). @throws {RangeError} */
export async function inclusionProof(index: number, size: number, read: SubtreeReader): Promise<readonly Uint8Array[]> {
  if (!(0 <= index && index < size)) throw new RangeError(`leaf ${index} is not among ${size}`);
  return Promise.all(pathRanges(index, { start: 0, end: size }).map((range) => hashOf(range, read)));
}

/**
 * `PROOF(first, D[second])`: shows that the tree of `first` leaves is the beginning of the one of `second` (RFC 6962 §2.1.2).
 *
 * @throws {RangeError} unless 0 < `first` ≤ `second`.
 */
export async function consistencyProof(
  first: number,
  second: number,
  read: SubtreeReader,
): Promise<readonly Uint8Array[]> {
  if (!(0 < first && first <= second)) throw new RangeError(`${first} leaves are not the beginning of ${second}`);
  return Promise.all(subproofRanges(first, { start: 0, end: second }, true).map((range) => hashOf(range, read)));
}

async function hashOf({ start, end }: LeafRange, read: SubtreeReader): Promise<Uint8Array> {
  return foldSubtrees(await Promise.all(subtreesOf(start, end).map(read)));
}

function pathRanges(index: number, { start, end }: LeafRange): readonly LeafRange[] {
  if (end - start === 1) return [];
  const middle = start + splitOf(end - start);
  return index < middle
    ? [...pathRanges(index, { start, end: middle }), { start: middle, end }]
    : [...pathRanges(index, { start: middle, end }), { start, end: middle }];
}

/** `SUBPROOF(m, D[n], b)`; `isKnown`: the verifier already has the hash of the range, because it is the old root. */
function subproofRanges(first: number, { start, end }: LeafRange, isKnown: boolean): readonly LeafRange[] {
  if (first === end) return isKnown ? [] : [{ start, end }];
  const middle = start + splitOf(end - start);
  return first <= middle
    ? [...subproofRanges(first, { start, end: middle }, isKnown), { start: middle, end }]
    : [...subproofRanges(first, { start: middle, end }, false), { start, end: middle }];
}
