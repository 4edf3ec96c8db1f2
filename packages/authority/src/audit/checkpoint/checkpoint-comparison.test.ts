import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../audit-entry.ts";
import { canonicalLine } from "../canonical-entry.ts";
import { chainOf, sealed } from "../chained-entries.contract.ts";
import { CompactRange } from "../merkle/compact-range.ts";
import { leafHash } from "../merkle/merkle-hash.ts";
import { verifyChain } from "../verify-chain.ts";
import type { Checkpoint } from "./checkpoint.ts";

const CHAIN = chainOf(12);
/** The same as `CHAIN` up to entry 6, and another history after it: what a chain looks like when somebody recomputed it. */
const RECOMPUTED = recomputedAfter(6, 12);

describe("a log and its checkpoints", () => {
  it("fits checkpoints of every size, in any order and twice", () => {
    const all = CHAIN.map(({ seq }) => checkpointOf(CHAIN, seq));
    const verdict = verifyChain(CHAIN, { checkpoints: [...all.toReversed(), ...all] });
    expect(verdict).toMatchObject({ kind: "intact", entries: 12, checkpoints: 24 });
    expect(verdict).toMatchObject({ root: Buffer.from(checkpointOf(CHAIN, 12).root).toString("base64") });
  });

  it("fits the checkpoint of an empty log, and one without our extension line", () => {
    const empty = { ...checkpointOf(CHAIN, 3), size: 0 };
    const plain = { ...checkpointOf(CHAIN, 3), head: undefined };
    expect(verifyChain(CHAIN, { checkpoints: [empty, plain] })).toMatchObject({ kind: "intact" });
  });

  it("a restored old database is a log that ends before a checkpoint", () => {
    const checkpoints = [checkpointOf(CHAIN, 4), checkpointOf(CHAIN, 9)];
    expect(verifyChain(CHAIN.slice(0, 8), { checkpoints })).toEqual({
      kind: "broken",
      reason: "truncated",
      seq: 9,
      entries: 8,
      agreesUpTo: 4,
    });
    expect(verifyChain([], { checkpoints })).toMatchObject({ reason: "truncated", seq: 1, agreesUpTo: 0 });
  });

  it("a recomputed chain is whole in itself, and not what the checkpoint was made of", () => {
    expect(verifyChain(RECOMPUTED)).toMatchObject({ kind: "intact" });
    const checkpoints = [3, 6, 8, 11].map((size) => checkpointOf(CHAIN, size));
    expect(verifyChain(RECOMPUTED, { checkpoints })).toMatchObject({ reason: "rewritten", seq: 8, agreesUpTo: 6 });
  });

  it("an old database that was written on is told from a short one", () => {
    const checkpoints = [6, 8, 12].map((size) => checkpointOf(CHAIN, size));
    expect(verifyChain(RECOMPUTED.slice(0, 9), { checkpoints })).toMatchObject({ reason: "rewritten", seq: 8 });
  });

  it.each([
    ["of one size", [checkpointOf(CHAIN, 8), checkpointOf(RECOMPUTED, 8)]],
    ["of one size, the other way round", [checkpointOf(RECOMPUTED, 8), checkpointOf(CHAIN, 8)]],
    ["of two sizes", [checkpointOf(CHAIN, 8), checkpointOf(RECOMPUTED, 10)]],
  ])("checkpoints %s that contradict each other are a fork", (_name, checkpoints) => {
    expect(verifyChain(RECOMPUTED, { checkpoints })).toMatchObject({ reason: "forked", seq: 8, agreesUpTo: 0 });
  });

  it("a checkpoint whose chain head is another one does not fit, although its root does", () => {
    const checkpoints = [{ ...checkpointOf(CHAIN, 5), head: "0".repeat(64) }];
    expect(verifyChain(CHAIN, { checkpoints })).toMatchObject({ reason: "rewritten", seq: 5 });
  });

  it("a chain that is broken in itself is called so", () => {
    const spoiled = CHAIN.with(2, { ...(CHAIN[2] ?? never()), actor_name: "eve" });
    expect(verifyChain(spoiled, { checkpoints: [checkpointOf(CHAIN, 9)] })).toMatchObject({
      reason: "changed",
      seq: 3,
    });
  });

  it("a part of a log is not compared", () => {
    const part = { after: CHAIN[3] ?? never() };
    expect(verifyChain(CHAIN.slice(4), part)).toMatchObject({ kind: "intact", root: undefined });
    expect(() => verifyChain([], { ...part, checkpoints: [] })).toThrow(RangeError);
  });
});

function checkpointOf(chain: readonly AuditEntry[], size: number): Checkpoint {
  const range = new CompactRange();
  for (const entry of chain.slice(0, size)) range.append(leafHash(canonicalLine(entry)));
  return { origin: "hub.example/audit", size, root: range.root(), head: chain[size - 1]?.hash };
}

function recomputedAfter(kept: number, count: number): readonly AuditEntry[] {
  const last = CHAIN[kept - 1] ?? never();
  const forged = sealed({ ...last, seq: kept + 1, prev_hash: last.hash, actor_name: "eve" });
  return [...CHAIN.slice(0, kept), forged, ...chainOf(count - kept - 1, forged)];
}

function never(): never {
  throw new Error("no such entry");
}
