import type { SubtreeHash } from "./complete-subtree.ts";

/** Port: hashes of complete subtrees, kept so that neither a start nor a proof reads the whole log. A cache: it can be computed anew. */
export interface SubtreeStore {
  /** How many subtrees of this level are stored, counted from index 0 without a gap. */
  count(level: number): Promise<number>;
  /** `count` hashes of this level, from `index` on; fewer when they are not stored. */
  read(level: number, index: number, count: number): Promise<readonly Uint8Array[]>;
  add(subtrees: readonly SubtreeHash[]): Promise<void>;
}
