import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CompactRange } from "./compact-range.ts";
import type { CompleteSubtree } from "./complete-subtree.ts";
import { leafHash } from "./merkle-hash.ts";
import { consistencyProof, inclusionProof, rootOf, type SubtreeReader } from "./merkle-proof.ts";
import { verifyConsistency, verifyInclusion } from "./verify-merkle-proof.ts";

/** The eight leaves of the Certificate Transparency reference implementation, and the roots over the first 0 to 8 of them. */
const VECTOR_LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const VECTOR_ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const VECTORS = VECTOR_LEAVES.map((text) => Buffer.from(text, "hex"));

/** Sizes whose every proof is checked. Past 64 nothing new can happen: seven levels, complete and ragged. */
const SIZES = Array.from({ length: 66 }, (_, size) => size);
const LEAVES = SIZES.map((n) => Buffer.from(`leaf ${n}`));

describe("the RFC 6962 vectors", () => {
  it.each(VECTOR_ROOTS.map((root, size) => [size, root] as const))("root over %i leaves", async (size, root) => {
    expect(hex(grown(VECTORS.slice(0, size)).root())).toBe(root);
    expect(hex(await rootOf(size, readerOf(VECTORS)))).toBe(root);
  });

  it("inclusion", async () => {
    expect((await inclusionProof(0, 8, readerOf(VECTORS))).map(hex)).toEqual([
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]);
    expect((await inclusionProof(5, 8, readerOf(VECTORS))).map(hex)).toEqual([
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    expect(await inclusionProof(0, 1, readerOf(VECTORS))).toEqual([]);
  });

  it("consistency", async () => {
    expect(await consistencyProof(1, 1, readerOf(VECTORS))).toEqual([]);
    expect((await consistencyProof(6, 8, readerOf(VECTORS))).map(hex)).toEqual([
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    expect((await consistencyProof(2, 5, readerOf(VECTORS))).map(hex)).toEqual([
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]);
  });
});

describe("against the definition in RFC 6962 §2.1, every size up to 65", () => {
  it("a growing compact range has the root of the definition, and completes each subtree once", () => {
    const range = new CompactRange();
    const seen = new Map<string, Uint8Array>();
    for (const [size, leaf] of LEAVES.entries()) {
      expect(range.size).toBe(size);
      expect(hex(range.root())).toBe(hex(naiveRoot(LEAVES.slice(0, size))));
      range.append(naiveRoot([leaf]), ({ level, index, hash }) => {
        expect(seen.has(`${level}/${index}`)).toBe(false);
        seen.set(`${level}/${index}`, hash);
      });
    }
    for (const [place, hash] of seen) {
      const [level = 0, index = 0] = place.split("/").map(Number);
      expect(hex(hash)).toBe(hex(naiveRoot(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level))));
    }
    expect(seen.size).toBe(32 + 16 + 8 + 4 + 2 + 1 + 1);
  });

  it("a compact range that begins at a stored edge grows into the same tree", async () => {
    for (const size of SIZES) {
      const reader = readerOf(LEAVES);
      const edge: Uint8Array[] = [];
      for (let level = 6, start = 0; level >= 0; level -= 1) {
        if (Math.floor(size / 2 ** level) % 2 === 0) continue;
        edge.push(await reader({ level, index: start / 2 ** level }));
        start += 2 ** level;
      }
      const range = new CompactRange(size, edge);
      for (const leaf of LEAVES.slice(size)) range.append(naiveRoot([leaf]));
      expect(hex(range.root())).toBe(hex(naiveRoot(LEAVES)));
    }
  });

  it("every inclusion proof is the one of the definition and verifies, for its own leaf, place and tree only", async () => {
    for (const size of SIZES.slice(1)) {
      const root = naiveRoot(LEAVES.slice(0, size));
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(index, size, readerOf(LEAVES));
        expect(proof.map(hex)).toEqual(naivePath(index, LEAVES.slice(0, size)).map(hex));
        const leaf = { index, hash: naiveRoot(LEAVES.slice(index, index + 1)) };
        expect(verifyInclusion(proof, leaf, { size, root })).toBe(true);
        expect(verifyInclusion(proof, { ...leaf, hash: naiveRoot([Buffer.from("other")]) }, { size, root })).toBe(
          false,
        );
        expect(verifyInclusion([...proof, root], leaf, { size, root })).toBe(false);
        expect(verifyInclusion(proof.slice(0, -1), leaf, { size, root })).toBe(size === 1);
        for (const other of [index - 1, index + 1])
          expect(verifyInclusion(proof, { ...leaf, index: other }, { size, root })).toBe(false);
      }
    }
  });

  it("every consistency proof is the one of the definition and verifies, for its own two trees only", async () => {
    for (const size of SIZES.slice(1)) {
      const second = { size, root: naiveRoot(LEAVES.slice(0, size)) };
      for (let old = 1; old <= size; old += 1) {
        const first = { size: old, root: naiveRoot(LEAVES.slice(0, old)) };
        const proof = await consistencyProof(old, size, readerOf(LEAVES));
        expect(proof.map(hex)).toEqual(naiveSubproof(old, LEAVES.slice(0, size), true).map(hex));
        expect(verifyConsistency(proof, first, second)).toBe(true);
        const forged = naiveRoot([...LEAVES.slice(0, old - 1), Buffer.from("other")]);
        expect(verifyConsistency(proof, { ...first, root: forged }, second)).toBe(false);
        expect(verifyConsistency(proof, first, { ...second, root: forged })).toBe(false);
        expect(verifyConsistency([...proof, forged], first, second)).toBe(false);
        expect(verifyConsistency(proof, second, first)).toBe(old === size);
      }
      expect(verifyConsistency([], { size: 0, root: naiveRoot([]) }, second)).toBe(true);
    }
  });

  it("refuses places and sizes that are not in the tree", async () => {
    for (const [index, size] of [
      [-1, 4],
      [4, 4],
      [0, 0],
      [Number.NaN, 4],
    ] as const)
      await expect(inclusionProof(index, size, readerOf(LEAVES))).rejects.toThrow(RangeError);
    for (const [first, second] of [
      [0, 4],
      [5, 4],
      [Number.NaN, 4],
    ] as const)
      await expect(consistencyProof(first, second, readerOf(LEAVES))).rejects.toThrow(RangeError);
  });
});

describe("leafHash", () => {
  it("hashes the UTF-8 bytes behind a zero byte", async () => {
    expect(hex(leafHash("café"))).toBe(hex(naiveRoot([Buffer.from("café", "utf8")])));
  });
});

/** RFC 6962 §2.1 word by word. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), only);
  const k = naiveSplit(leaves.length);
  return sha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** RFC 6962 §2.1.1 word by word. */
function naivePath(m: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = naiveSplit(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** RFC 6962 §2.1.2 word by word. */
function naiveSubproof(m: number, leaves: readonly Uint8Array[], b: boolean): readonly Uint8Array[] {
  if (m === leaves.length) return b ? [] : [naiveRoot(leaves)];
  const k = naiveSplit(leaves.length);
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), b), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

function naiveSplit(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest();
}

function readerOf(leaves: readonly Uint8Array[]): SubtreeReader {
  return async ({ level, index }: CompleteSubtree) =>
    naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
}

function grown(leaves: readonly Uint8Array[]): CompactRange {
  const range = new CompactRange();
  for (const leaf of leaves) range.append(naiveRoot([leaf]));
  return range;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
