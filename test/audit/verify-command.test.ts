import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bareEnvironment, type Finished, posternCommand, runCommand } from "../harness/run-command.ts";
import { type AuditedHub, auditedHub } from "./audited-hub.ts";

let hub: AuditedHub;
let key: string;
let file: string;

beforeAll(async () => {
  hub = auditedHub();
  key = await hub.run("user", 3);
  file = await hub.exported("audit.jsonl");
});
afterAll(() => hub[Symbol.dispose]());

function verify(...args: readonly string[]): Promise<Finished> {
  const [node, postern] = posternCommand;
  return runCommand(node, [postern, "audit", "verify", ...args], { env: bareEnvironment(path.dirname(hub.witness)) });
}

it("says that an export fits the checkpoints kept elsewhere, without a server", async () => {
  const { code, stdout } = await verify(file, "--checkpoints", hub.witness, "--key", key);
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/✓ \d+ entries, the chain is whole\.\n✓ It fits \d+ checkpoints\./),
  ]);
  expect(stdout).toMatch(/^head: \d+:[0-9a-f]{64}$/m);
});

it("says what was not looked at", async () => {
  expect((await verify(file)).stdout).toContain("compared with no checkpoint");
  expect((await verify(file, "--checkpoints", hub.witness)).stdout).toContain("Nobody's signature was checked");
});

it("compares a data folder with its own checkpoints and key", async () => {
  const { code, stdout } = await verify("--data", hub.dataDir, "--json");
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    expect.objectContaining({ kind: "intact", forged_checkpoints: 0, signatures_checked: true }),
  ]);
  expect(JSON.parse(stdout).checkpoints).toBeGreaterThan(0);
});

it("ends with 1 for a log that was cut, by checkpoint and by head", async () => {
  const [head = ""] = /^\d+:[0-9a-f]{64}/m.exec((await verify(file)).stdout.replace("head: ", "")) ?? [];
  const cut = path.join(path.dirname(file), "cut.jsonl");
  writeFileSync(cut, readFileSync(file, "utf8").replace(/[^\n]*\n$/, ""));
  for (const known of [
    ["--checkpoints", hub.witness, "--key", key],
    ["--head", head],
  ]) {
    const { code, stderr } = await verify(cut, ...known);
    expect([code, stderr]).toEqual([1, expect.stringContaining("the log ends here, before what is known of it")]);
  }
  expect((await verify(file, "--head", head)).code).toBe(0);
});

it("ends with 1 for a checkpoint that somebody made up", async () => {
  const checkpoints = path.join(path.dirname(file), "made-up");
  writeFileSync(checkpoints, readFileSync(hub.witness));
  const newest = readFileSync(hub.witness, "utf8").slice(
    readFileSync(hub.witness, "utf8").lastIndexOf("hub.example/audit\n"),
  );
  appendFileSync(checkpoints, newest.replace(/\n\d+\n/, "\n1\n"));
  const { code, stderr } = await verify(file, "--checkpoints", checkpoints, "--key", key);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining("1 checkpoints carry this log's name but not its signature"),
  ]);
});

it("ends with 2 for a head or a key that is none", async () => {
  expect((await verify(file, "--head", "7")).code).toBe(2);
  const { code, stderr } = await verify(file, "--checkpoints", hub.witness, "--key", `${key.slice(0, -4)}AAA=`);
  expect([code, stderr]).toEqual([2, expect.stringContaining("no key of a signed note")]);
});
