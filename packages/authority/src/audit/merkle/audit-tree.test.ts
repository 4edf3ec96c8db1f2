import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../audit-entry.ts";
import { canonicalLine } from "../canonical-entry.ts";
import { chainOf } from "../chained-entries.contract.ts";
import { AuditTree } from "./audit-tree.ts";
import { CompactRange } from "./compact-range.ts";
import type { SubtreeHash } from "./complete-subtree.ts";
import { leafHash } from "./merkle-hash.ts";
import { inclusionProof, rootOf } from "./merkle-proof.ts";
import type { SubtreeStore } from "./subtree-store.ts";
import { verifyInclusion } from "./verify-merkle-proof.ts";

/** Past one node of level 16 and a ragged edge below it. */
const CHAIN = chainOf(65_536 + 256 + 77);

describe("AuditTree", () => {
  it("grows in steps of any size, over restarts, into the tree of all entries, and proves entries of it", async () => {
    const subtrees = memoryStore();
    for (const size of [0, 1, 255, 256, 257, 40_000, CHAIN.length]) {
      const tree = treeOver(CHAIN.slice(0, size), subtrees);
      const root = await tree.rootAfterGrowing(size);
      expect(hex(root), `size ${size}`).toBe(hex(rootAt(size)));
      expect(hex(await rootOf(size, (subtree) => tree.read(subtree)))).toBe(hex(root));
    }
    expect(await subtrees.count(8)).toBe(257);
    expect(await subtrees.count(16)).toBe(1);
    const tree = treeOver(CHAIN, subtrees);
    const root = rootAt(CHAIN.length);
    for (const index of [0, 300, 65_535, 65_536, CHAIN.length - 1]) {
      const proof = await inclusionProof(index, CHAIN.length, (subtree) => tree.read(subtree));
      const line = canonicalLine(CHAIN[index] ?? never());
      expect(verifyInclusion(proof, { index, hash: leafHash(line) }, { size: CHAIN.length, root })).toBe(true);
    }
  });

  it("counts on nothing that could not be stored", async () => {
    const subtrees = memoryStore();
    const entries = CHAIN.slice(0, 700);
    let isFull = true;
    const tree = treeOver(entries, {
      ...subtrees,
      add: async (added) => {
        if (isFull) throw new Error("disk full");
        await subtrees.add(added);
      },
    });
    await expect(tree.rootAfterGrowing(700)).rejects.toThrow("disk full");
    isFull = false;
    expect(hex(await tree.rootAfterGrowing(700))).toBe(hex(rootAt(700)));
    expect(await subtrees.count(8)).toBe(2);
  });

  it("stops at a hole in the log", async () => {
    const tree = treeOver(CHAIN.slice(0, 300).toSpliced(200, 1), memoryStore());
    await expect(tree.rootAfterGrowing(299)).rejects.toThrow("entry 201 of the audit log is missing");
    await expect(treeOver(CHAIN.slice(0, 5), memoryStore()).rootAfterGrowing(6)).rejects.toThrow("entry 6");
  });
});

function treeOver(entries: readonly AuditEntry[], subtrees: SubtreeStore): AuditTree {
  return new AuditTree({
    entries: {
      entriesAfter: async (seq, limit) => {
        const first = seq >= entries.length ? -1 : entries.findIndex((entry, at) => at >= seq - 1 && entry.seq > seq);
        return first < 0 ? [] : entries.slice(first, first + limit);
      },
    },
    subtrees,
    breathe: async () => undefined,
  });
}

function memoryStore(): SubtreeStore {
  const stored: SubtreeHash[] = [];
  const level = (wanted: number): readonly SubtreeHash[] => stored.filter((subtree) => subtree.level === wanted);
  return {
    count: async (wanted) => level(wanted).length,
    read: async (wanted, index, count) =>
      level(wanted)
        .slice(index, index + count)
        .map(({ hash }) => hash),
    add: async (subtrees) => {
      stored.push(...subtrees);
    },
  };
}

function rootAt(size: number): Uint8Array {
  const range = new CompactRange();
  for (const entry of CHAIN.slice(0, size)) range.append(leafHash(canonicalLine(entry)));
  return range.root();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function never(): never {
  throw new Error("no such entry");
}
