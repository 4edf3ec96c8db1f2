import { EMPTY_ROOT, nodeHash } from "./merkle-hash.ts";

/** Whether the proof leads from the leaf to the root (RFC 9162 §2.1.3.2, which spells out what RFC 6962 §2.1.1 leaves to the reader). */
export function verifyInclusion(
  proof: readonly Uint8Array[],
  leaf: { readonly index: number; readonly hash: Uint8Array },
  tree: { readonly size: number; readonly root: Uint8Array },
): boolean {
  if (!(0 <= leaf.index && leaf.index < tree.size)) return false;
  let node = leaf.index;
  let last = tree.size - 1;
  let hash = leaf.hash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else hash = nodeHash(hash, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(hash, tree.root);
}

/** Whether the proof shows that the first tree is the beginning of the second (RFC 9162 §2.1.4.2). */
export function verifyConsistency(
  proof: readonly Uint8Array[],
  first: { readonly size: number; readonly root: Uint8Array },
  second: { readonly size: number; readonly root: Uint8Array },
): boolean {
  if (first.size > second.size) return false;
  if (first.size === second.size) return proof.length === 0 && equal(first.root, second.root);
  // Nothing is the beginning of everything; RFC 6962 defines no proof for it.
  if (first.size === 0) return proof.length === 0 && equal(first.root, EMPTY_ROOT);
  let node = first.size - 1;
  let last = second.size - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  // A first tree that is complete is a node of the second: its root is where the walk begins, and the proof leaves it out.
  const [start, ...rest] = node === 0 ? [first.root, ...proof] : proof;
  if (start === undefined) return false;
  let oldHash = start;
  let newHash = start;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else newHash = nodeHash(newHash, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(oldHash, first.root) && equal(newHash, second.root);
}

/** Roots are public: no need for constant time. */
function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
