import type { Commit } from "../../git/git-repository.ts";
import type { ObjectId } from "../../git/object-id.ts";
import type { TreeItem } from "../../git/tree-object.ts";

/** What was read of one object; objects never change, so it never grows stale. */
export type Structure =
  | { readonly kind: "commit"; readonly commit: Commit }
  | { readonly kind: "tree"; readonly items: readonly TreeItem[] };

/**
 * Parsed commits and trees of all repos, the ones used longest ago forgotten first.
 *
 * Invariant: keyed by repo and object. By the object alone, a commit id of a private repo would open its history through any other
 * repo; `bare-repository.test.ts` holds this.
 */
export class StructureCache {
  readonly #maxBytes: number;
  readonly #held = new Map<string, { readonly structure: Structure; readonly bytes: number }>();
  #bytes = 0;

  /** @param maxBytes - Of memory, estimated. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(repoId: string, oid: ObjectId): Structure | undefined {
    const key = `${repoId} ${oid}`;
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.#held.delete(key);
    this.#held.set(key, held);
    return held.structure;
  }

  /** @param contentBytes - Size of the object; parsed, it takes several times as much. */
  set(repoId: string, oid: ObjectId, structure: Structure, contentBytes: number): void {
    const key = `${repoId} ${oid}`;
    const bytes = 500 + contentBytes * 5;
    // Half, so that a folder of 100,000 files is kept: reading it anew would be nine tenths of the time of each page of it.
    if (bytes > this.#maxBytes / 2 || this.#held.has(key)) return;
    this.#held.set(key, { structure, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#held) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#held.delete(oldest);
      this.#bytes -= freed;
    }
  }
}
