import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditEntry } from "./audit-entry.ts";
import { canonicalDetail, canonicalEntry, canonicalLine } from "./canonical-entry.ts";
import type { ChainExpectation, ChainVerdict } from "./chain-verifier.ts";
import { chainOf, sealed } from "./chained-entries.contract.ts";
import { verifyChain, verifyExport, verifyExportedLines } from "./verify-chain.ts";

const CHAIN = chainOf(6);
const LAST = entryAt(5);

interface Tampering {
  readonly name: string;
  readonly entries: readonly AuditEntry[];
  readonly verdict: Partial<ChainVerdict>;
  readonly expectation?: ChainExpectation;
}

/** Ways to spoil the chain, and what a verifier must say to each. */
const TAMPERED: readonly Tampering[] = [
  {
    name: "an entry with another actor",
    entries: replaced(2, { ...entryAt(2), actor_name: "eve" }),
    verdict: { kind: "broken", reason: "changed", seq: 3, entries: 2 },
  },
  {
    name: "an entry with another detail",
    entries: replaced(2, { ...entryAt(2), detail: '{"publisher":"p-2"}' }),
    verdict: { kind: "broken", reason: "changed", seq: 3 },
  },
  {
    name: "a changed entry whose hash was computed anew",
    entries: replaced(2, sealed({ ...entryAt(2), actor_name: "eve" })),
    verdict: { kind: "broken", reason: "unlinked", seq: 4, entries: 3 },
  },
  {
    name: "an entry left out",
    entries: CHAIN.filter(({ seq }) => seq !== 3),
    verdict: { kind: "broken", reason: "missing", seq: 3, entries: 2 },
  },
  {
    name: "the first entry left out",
    entries: CHAIN.slice(1),
    verdict: { kind: "broken", reason: "missing", seq: 1, entries: 0 },
  },
  {
    name: "two entries in each other's place",
    entries: [entryAt(0), entryAt(2), entryAt(1), ...CHAIN.slice(3)],
    verdict: { kind: "broken", reason: "reordered", seq: 2 },
  },
  {
    name: "two entries that swapped their numbers",
    entries: replaced(1, { ...entryAt(2), seq: 2 }, { ...entryAt(1), seq: 3 }),
    verdict: { kind: "broken", reason: "changed", seq: 2 },
  },
  {
    name: "an entry twice",
    entries: [...CHAIN.slice(0, 3), ...CHAIN.slice(2)],
    verdict: { kind: "broken", reason: "reordered", seq: 3 },
  },
  {
    name: "the newest entries cut off, against a head noted before",
    entries: CHAIN.slice(0, 4),
    verdict: { kind: "broken", reason: "truncated", seq: 5, entries: 4 },
    expectation: { knownHead: LAST },
  },
  {
    name: "a whole new chain, against a head noted before",
    entries: rewritten(),
    verdict: { kind: "broken", reason: "rewritten", seq: 6 },
    expectation: { knownHead: LAST },
  },
  {
    name: "everything gone, against a head noted before",
    entries: [],
    verdict: { kind: "broken", reason: "truncated", seq: 1 },
    expectation: { knownHead: LAST },
  },
];

describe("verifyChain", () => {
  it("accepts a chain as it was written, and an empty log", () => {
    expect(verifyChain(CHAIN)).toMatchObject({ kind: "intact", head: { seq: 6, hash: LAST.hash }, entries: 6 });
    expect(verifyChain([])).toMatchObject({ kind: "intact", entries: 0 });
  });

  it("accepts the rest of a log after a head that is known", () => {
    expect(verifyChain(CHAIN.slice(3), { after: entryAt(2), knownHead: LAST })).toMatchObject({
      kind: "intact",
      entries: 3,
    });
  });

  it.each(TAMPERED)("finds $name", ({ entries, verdict, expectation }) => {
    expect(verifyChain(entries, expectation)).toMatchObject(verdict);
  });
});

describe("verifyExportedLines", () => {
  it("accepts an export as it was written", async () => {
    expect(await verifyExportedLines(linesOf(CHAIN))).toEqual(verifyChain(CHAIN));
  });

  it.each(TAMPERED)("finds $name", async ({ entries, verdict, expectation }) => {
    expect(await verifyExportedLines(linesOf(entries), expectation)).toMatchObject(verdict);
  });

  it.each([
    ["half a line", (line: string) => line.slice(0, 100), "unreadable"],
    ["an empty line", () => "", "unreadable"],
    ["a line that is no JSON", (line: string) => `${line}}`, "unreadable"],
    ["the same facts with blanks", (line: string) => line.replace(",", ", "), "changed"],
    ["a second member of the same name", (line: string) => line.replace('{"actor"', '{"actor":1,"actor"'), "changed"],
  ])("refuses %s", async (_name, spoil, reason) => {
    const [first, second, third] = CHAIN.map(canonicalLine);
    const lines = [first ?? "", spoil(second ?? ""), third ?? ""];
    expect(await verifyExportedLines(asyncOf(lines))).toMatchObject({ kind: "broken", reason, seq: 2, entries: 1 });
  });

  it("notices any single changed byte", async () => {
    const lines = CHAIN.slice(0, 3).map(canonicalLine);
    const text = lines.join("\n");
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), async (position, shift) => {
        const code = ((text.charCodeAt(position) + shift) % 128) + (text.charCodeAt(position) >= 128 ? 128 : 0);
        const spoiled = text.slice(0, position) + String.fromCharCode(code) + text.slice(position + 1);
        fc.pre(spoiled !== text);
        const verdict = await verifyExportedLines(asyncOf(spoiled.split("\n")));
        expect(verdict.kind).toBe("broken");
      }),
      { numRuns: 300 },
    );
  });
});

describe("verifyExport", () => {
  it("reads pieces of any length, with and without the last line feed", async () => {
    const text = CHAIN.map(canonicalLine).join("\n");
    for (const length of [1, 7, 500, text.length + 1]) {
      for (const whole of [text, `${text}\n`]) {
        const pieces = Array.from({ length: Math.ceil(whole.length / length) }, (_, at) =>
          whole.slice(at * length, (at + 1) * length),
        );
        expect(await verifyExport(asyncOf(pieces))).toEqual(verifyChain(CHAIN));
      }
    }
    expect(await verifyExport(asyncOf([`${text}\r\n`]))).toMatchObject({ kind: "broken", seq: 6 });
  });
});

describe("canonicalEntry", () => {
  it("is the canonical JSON that sorting every key of the parsed entry gives", () => {
    const canonical = canonicalEntry(entryAt(0));
    expect(canonical).toBe(sortedJson(JSON.parse(canonical)));
    expect(createHash("sha256").update(canonical, "utf8").digest("hex")).toBe(entryAt(0).hash);
    const line = canonicalLine(entryAt(0));
    expect(line).toBe(sortedJson(JSON.parse(line)));
  });

  it("sorts the keys of detail by UTF-16 code units and keeps lone surrogates out", () => {
    expect(canonicalDetail({ "\u{1f600}": 1, "\ufb33": 2, b: "\ud800", a: -0 })).toBe(
      '{"a":0,"b":"\ufffd","\u{1f600}":1,"\ufb33":2}',
    );
  });
});

function entryAt(index: number): AuditEntry {
  const entry = CHAIN[index];
  if (entry === undefined) throw new Error("no such entry");
  return entry;
}

function replaced(index: number, ...entries: readonly AuditEntry[]): readonly AuditEntry[] {
  return CHAIN.toSpliced(index, entries.length, ...entries);
}

function rewritten(): readonly AuditEntry[] {
  const forged = sealed({ ...entryAt(0), actor_name: "eve" });
  return [forged, ...chainOf(5, forged)];
}

async function* asyncOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

function linesOf(entries: readonly AuditEntry[]): AsyncGenerator<string> {
  return asyncOf(entries.map(canonicalLine));
}

/** An independent canonical form: parse, sort, print. */
function sortedJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${sortedJson(member)}`).join(",")}}`;
}
