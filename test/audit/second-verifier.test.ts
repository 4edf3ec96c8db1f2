import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { verifyAuditFile } from "@postern/server/audit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareEnvironment, root, runCommand } from "../harness/run-command.ts";
import { type AuditedHub, auditedHub } from "./audited-hub.ts";
import { recomputeChain } from "./recomputed-chain.ts";

/** One that was written by the documentation alone, in another language: both must say the same of every log. */
const SCRIPT = path.join(root, "test", "audit", "verify_audit.py");

let hub: AuditedHub;
let key: string;
let honest: string;
let recomputed: string;

beforeAll(async () => {
  hub = auditedHub();
  key = await hub.run("early", 4);
  await hub.run("late", 4);
  honest = readFileSync(await hub.exported("honest"), "utf8");
  hub.backUp("honest");
  recomputeChain(hub.dataDir, 6, { actor_name: "somebody-else" });
  recomputed = readFileSync(await hub.exported("recomputed"), "utf8");
});
afterAll(() => hub[Symbol.dispose]());

const lines = (): readonly string[] => honest.trimEnd().split("\n");
const joined = (kept: readonly string[]): string => kept.map((line) => `${line}\n`).join("");

const LOGS: readonly (readonly [string, () => string, Readonly<Record<string, unknown>>])[] = [
  ["as it was written", () => honest, { kind: "intact" }],
  ["with another actor", () => honest.replace('"name":"root-admin"', '"name":"root-admim"'), { reason: "changed" }],
  ["with an entry left out", () => joined(lines().toSpliced(4, 1)), { reason: "missing", seq: 5 }],
  [
    "with two entries swapped",
    () => joined(lines().toSpliced(3, 2, lines()[4] ?? "", lines()[3] ?? "")),
    { reason: "reordered", seq: 4 },
  ],
  ["with an entry twice", () => joined(lines().toSpliced(3, 0, lines()[3] ?? "")), { reason: "reordered", seq: 4 }],
  ["with half a line", () => honest.slice(0, -100), { reason: "unreadable" }],
  ["with blanks in a line", () => honest.replace('","resource"', '", "resource"'), { reason: "changed" }],
  ["cut short", () => joined(lines().slice(0, -3)), { reason: "truncated" }],
  ["with nothing left", () => "", { reason: "truncated", seq: 1 }],
  ["computed anew", () => recomputed, { reason: "rewritten" }],
  ["computed anew and cut short", () => joined(recomputed.trimEnd().split("\n").slice(0, -2)), { reason: "rewritten" }],
];

// Only a machine without Python goes without it.
const hasPython = spawnSync("python3", ["-c", "import hashlib"]).status === 0;

describe.skipIf(!hasPython)("both verifiers", () => {
  it.each(LOGS)("say the same of a log %s", async (name, text, expected) => {
    const file = path.join(path.dirname(hub.witness), `${name.replaceAll(" ", "-")}.jsonl`);
    writeFileSync(file, text());
    const ours = await verifyAuditFile(file, { checkpoints: hub.witness, key });
    const second = await python(file, "--checkpoints", hub.witness, "--key", key);
    expect(ours.chain).toMatchObject(expected);
    expect(second.verdict).toMatchObject(expected);
    if (ours.chain.kind === "intact") {
      const { entries, head, root: treeRoot, checkpoints } = ours.chain;
      expect(second.verdict).toMatchObject({
        entries,
        head: { seq: head.seq, hash: head.hash },
        root: treeRoot,
        checkpoints,
      });
      expect(checkpoints).toBeGreaterThanOrEqual(2);
    } else expect(second.verdict).toMatchObject({ reason: ours.chain.reason, seq: ours.chain.seq });
    expect(second.code).toBe(ours.chain.kind === "intact" ? 0 : 1);
  });

  it("call checkpoints of two histories a fork", async () => {
    const file = path.join(path.dirname(hub.witness), "fork.jsonl");
    writeFileSync(file, honest);
    const checkpoints = path.join(path.dirname(hub.witness), "fork-checkpoints");
    // Without a key: the last checkpoint again, with another root.
    const text = readFileSync(hub.witness, "utf8");
    const notes = text.trimEnd().split(/(?<=\n)\n(?=hub)/);
    const [origin = "", size = "", , ...rest] = (notes.at(-1) ?? "").split("\n");
    writeFileSync(checkpoints, `${text}${[origin, size, `${"A".repeat(43)}=`, ...rest].join("\n")}\n\n`);
    const ours = await verifyAuditFile(file, { checkpoints });
    expect(ours).toMatchObject({ chain: { reason: "forked", seq: Number(size) }, isSignatureChecked: false });
    expect((await python(file, "--checkpoints", checkpoints)).verdict).toMatchObject({
      reason: "forked",
      seq: Number(size),
    });
    // With the key the made-up one is found out.
    expect(await verifyAuditFile(file, { checkpoints, key })).toMatchObject({ chain: { kind: "intact" }, forged: 1 });
    const second = await python(file, "--checkpoints", checkpoints, "--key", key);
    expect(second).toMatchObject({ code: 1, verdict: { kind: "intact", forged_checkpoints: 1 } });
  });
});

async function python(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly verdict: unknown }> {
  const finished = await runCommand("python3", [SCRIPT, ...args], { env: bareEnvironment(path.dirname(hub.witness)) });
  if (finished.stdout === "") throw new Error(finished.stderr);
  return { code: finished.code, verdict: JSON.parse(finished.stdout) };
}
