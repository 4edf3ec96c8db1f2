import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, runBin } from "../testing/run-bin.ts";

let folder: string;
let demo: Finished;
let data: string;
let exported: Finished;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "postern-demo-test-"));
  data = join(folder, "data");
  demo = await runBin(["demo", "--once", "--data", data], { cwd: folder, env: { HF_TOKEN: "hf_canary0123456789" } });
  exported = await runBin(["audit", "export", "--data", data]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("demo --once", () => {
  it("publishes, refuses, reads back and ends with 0", () => {
    expect(demo).toMatchObject({ exitCode: 0, stderr: "" });
    expect(demo.stdout.match(/^✓ {1,2}\d+ /gm)).toHaveLength(9);
    expect(demo.stdout).toContain("all 6 files have the sha256 that they had before");
    expect(demo.stdout).toMatch(/\[TP1701\]/);
  });

  it("prints no token, not even one that a runner would hide", () => {
    expect(demo.stdout).not.toMatch(/hf_[A-Za-z0-9]|eyJ|::add-mask::/);
  });

  it("leaves a data folder whose audit log verifies, there and as an export", async () => {
    const verified = await runBin(["audit", "verify", "--data", data, "--json"]);
    expect(JSON.parse(verified.stdout)).toMatchObject({ kind: "intact" });
    const file = join(folder, "audit.jsonl");
    writeFileSync(file, exported.stdout);
    expect(await runBin(["audit", "verify", file])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(exported.stdout).not.toMatch(/hf_[A-Za-z0-9]|eyJ/);
  });

  it.each<[string, (lines: readonly string[]) => readonly string[], RegExp]>([
    [
      "a changed entry",
      (lines) => lines.map((line) => line.replace('"users/ada"', '"users/eve"')),
      /entry \d+: its content/,
    ],
    ["a missing entry", (lines) => lines.toSpliced(3, 1), /entry 4: it is missing/],
    [
      "two entries in each other's place",
      (lines) => [...lines].with(3, lines[4] ?? "").with(4, lines[3] ?? ""),
      /changed places/,
    ],
    ["a line that is no entry", (lines) => [...lines].with(2, "{}"), /entry 3: what stands there is no entry/],
  ])("finds %s in an export", async (_what, tamper, said) => {
    const file = join(folder, "tampered.jsonl");
    writeFileSync(file, `${tamper(exported.stdout.trimEnd().split("\n")).join("\n")}\n`);
    const verified = await runBin(["audit", "verify", file]);
    expect(verified).toMatchObject({ exitCode: 1, stdout: "" });
    expect(verified.stderr).toMatch(said);
  });

  it("refuses a folder that holds something already", async () => {
    const again = await runBin(["demo", "--once", "--data", data]);
    expect(again).toMatchObject({ exitCode: 1 });
    expect(again.stderr).toContain("is not empty");
    expect(existsSync(join(data, "postern.db"))).toBe(true);
  });
});
