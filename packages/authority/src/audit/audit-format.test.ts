import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseCheckpoint } from "./checkpoint/checkpoint.ts";
import { parseNoteKey } from "./checkpoint/note-key.ts";
import { openNote } from "./checkpoint/signed-note.ts";
import { verifyExportedLines } from "./verify-chain.ts";

const PAGE = readFileSync(new URL("../../../../docs/reference/audit-format.md", import.meta.url), "utf8");

describe("the worked example in docs/reference/audit-format.md", () => {
  it("verifies", async () => {
    const lines = blockOf("jsonl").split("\n");
    expect(await verifyExportedLines(asyncOf(lines))).toMatchObject({ kind: "intact", entries: 2 });
  });

  it("shows the bytes that are hashed", () => {
    const [first] = blockOf("jsonl").split("\n");
    const hash = createHash("sha256").update(blockOf("text"), "utf8").digest("hex");
    expect(first).toContain(`"hash":"${hash}"`);
  });

  it("shows a checkpoint of it, and the key that signed it", async () => {
    const key = parseNoteKey(blockOf("notekey"));
    const opened = key === undefined ? undefined : openNote(`${blockOf("checkpoint")}\n`, key);
    const checkpoint = opened?.kind === "signed" ? parseCheckpoint(opened.text) : undefined;
    expect(checkpoint).toBeDefined();
    const lines = asyncOf(blockOf("jsonl").split("\n"));
    const verdict = await verifyExportedLines(lines, { checkpoints: checkpoint === undefined ? [] : [checkpoint] });
    expect(verdict).toMatchObject({ kind: "intact", checkpoints: 1 });
  });

  it("gives a command that computes a hash from a line", () => {
    for (const line of blockOf("jsonl").split("\n")) {
      const command = blockOf("sh").replace("line.json", "-");
      const { stdout } = spawnSync("sh", ["-c", command], { input: `${line}\n`, encoding: "utf8" });
      expect(line).toContain(`"hash":"${stdout.slice(0, 64)}"`);
    }
  });
});

function blockOf(language: string): string {
  const text = PAGE.split(`\`\`\`${language}\n`)[1]?.split("\n```")[0];
  if (text === undefined) throw new Error(`the page has no ${language} block`);
  return text;
}

async function* asyncOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}
