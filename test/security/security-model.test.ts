import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../harness/run-command.ts";

/** How many threats the model set out from; rows above are our own finds. */
const KNOWN_THREATS = 42;
const STATUSES = ["defended", "partly", "open"];

interface Row {
  readonly number: number;
  readonly status: string;
  readonly defence: string;
  readonly tests: string;
}

const ROWS = readFileSync(path.join(root, "docs/security-model.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| *\d+ *\|/.test(line))
  .map((line): Row => {
    const [, number, _attack, status, defence, tests, ...rest] = line.split("|").map((cell) => cell.trim());
    expect(rest, `row ${number} has five cells`).toEqual([""]);
    return { number: Number(number), status: status ?? "", defence: defence ?? "", tests: tests ?? "" };
  });
const HELD = ROWS.filter(({ status }) => /^(?:defended|partly)/.test(status)).map((row) => [row.number, row] as const);

/** `` `file.test.ts` "title" `` */
function testsOf({ tests }: Row): readonly { readonly file: string; readonly title: string }[] {
  return [...tests.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, file = "", title = ""]) => ({ file, title }));
}

function filesOf({ defence }: Row): readonly string[] {
  return [...defence.matchAll(/`((?:packages|test|docs)\/[^`]+)`/g)].map(([, file = ""]) => file);
}

describe("the table of threats", () => {
  it("has every number once, in order", () => {
    expect(ROWS.map(({ number }) => number)).toEqual(Array.from({ length: ROWS.length }, (_, index) => index + 1));
    expect(ROWS.length).toBeGreaterThanOrEqual(KNOWN_THREATS);
  });

  it("gives each a known status, and says what an open one waits for", () => {
    for (const { number, status } of ROWS) {
      expect(STATUSES, `row ${number}`).toContain(status.split(/[:,]/)[0]);
      if (status.startsWith("open")) expect(status, `row ${number}`).toMatch(/^open: \S/);
    }
  });

  it.each(HELD)("names files and tests that exist: %i", (_number, row) => {
    expect(filesOf(row), "a file of the defence").not.toEqual([]);
    for (const file of filesOf(row)) expect(existsSync(path.join(root, file)), file).toBe(true);
    expect(testsOf(row), "a test that holds it").not.toEqual([]);
    for (const { file, title } of testsOf(row)) {
      expect(existsSync(path.join(root, file)), file).toBe(true);
      expect(titlesIn(file), `${file} has a test of this title`).toContain(title);
    }
  });
});

/** What `it("…")`, `it(`…`)` and `it.each(…)("…")` are called, templates as written. */
function titlesIn(file: string): readonly string[] {
  const source = readFileSync(path.join(root, file), "utf8");
  const quoted = [...source.matchAll(/\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`),/g)];
  return quoted.map(([, plain, template]) => plain ?? template ?? "");
}
