// `node tools/providers.mjs`: every provider against a whole hub, as a table: what was tried, and whether it came out as it must.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { carriedNode, ensureInstalled, root } from "./ensure-installed.mjs";

ensureInstalled();
const folder = mkdtempSync(path.join(tmpdir(), "postern-providers-"));
const report = path.join(folder, "report.json");
const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
const suites = ["test/providers", "test/clients/python-hf-providers.test.ts"];
const { status } = spawnSync(carriedNode, [vitest, "run", ...suites, "--reporter=json", `--outputFile=${report}`], {
  cwd: root,
  stdio: ["ignore", "ignore", "inherit"],
  env: { ...process.env, PATH: `${path.dirname(carriedNode)}${path.delimiter}${process.env.PATH ?? ""}` },
});

const tests = JSON.parse(readFileSync(report, "utf8")).testResults.flatMap(({ assertionResults }) => assertionResults);
rmSync(folder, { recursive: true });

const MARKS = { passed: "yes", failed: "NO", pending: "–", skipped: "–", todo: "–" };
const FAMILIES = [
  ["A CI job …", /^an? ([a-z]+) job$/],
  ["A workload …", /^a workload on (.+)$/],
];

/** What was tried → provider → outcome, per family; and the tests that belong to one provider alone. */
const tables = new Map(FAMILIES.map(([heading]) => [heading, new Map()]));
const others = [];
for (const { ancestorTitles, title, status: outcome } of tests) {
  const suite = ancestorTitles.at(-1) ?? "";
  // "a circleci job > logs in …", or "the unmodified client > logs in from a circleci job".
  const [, tried = title, whom = suite] = /^(.*) from (an? [a-z]+ job)$/.exec(title) ?? [];
  const family = FAMILIES.find(([, pattern]) => pattern.test(whom));
  if (family === undefined) {
    others.push(`${(MARKS[outcome] ?? outcome).padEnd(4)} ${[...ancestorTitles, title].filter(Boolean).join(": ")}\n`);
    continue;
  }
  const [heading, pattern] = family;
  const rows = tables.get(heading);
  const row = whom === suite ? tried : `${tried} with ${suite}`;
  rows.set(row, (rows.get(row) ?? new Map()).set(pattern.exec(whom)[1], outcome));
}

for (const [heading, rows] of tables) {
  const names = [...new Set([...rows.values()].flatMap((outcomes) => [...outcomes.keys()]))];
  const width = Math.max(heading.length, ...[...rows.keys()].map((tried) => tried.length));
  const line = (first, cells) =>
    `${first.padEnd(width)}  ${cells.map((cell, at) => cell.padEnd(names[at].length)).join("  ")}\n`;
  process.stdout.write(`\n${line(heading, names)}`);
  for (const [tried, outcomes] of rows)
    process.stdout.write(
      line(
        tried,
        names.map((name) => MARKS[outcomes.get(name)] ?? ""),
      ),
    );
}
process.stdout.write(`\n${others.join("")}`);
process.stdout.write("\nyes: came out as it must; –: not run here (the Python client needs POSTERN_TEST_PYTHON_HF)\n");
process.exit(status ?? 1);
