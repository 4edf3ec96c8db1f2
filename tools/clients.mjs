// `npm run clients`: what every real client may do, on which repo, with which token, as tables: run against a whole hub, not written down.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { carriedNode, ensureInstalled, root } from "./ensure-installed.mjs";

ensureInstalled();
const folder = mkdtempSync(path.join(tmpdir(), "postern-clients-"));
const report = path.join(folder, "report.json");
const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
// `--update` also writes docs/reference/endpoints.md anew.
const suites = ["test/clients/matrix", "test/clients/endpoints"];
const options = process.argv.includes("--update") ? ["--update"] : [];
const { status } = spawnSync(
  carriedNode,
  [vitest, "run", ...suites, ...options, "--reporter=json", `--outputFile=${report}`],
  {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, PATH: `${path.dirname(carriedNode)}${path.delimiter}${process.env.PATH ?? ""}` },
  },
);
const tests = JSON.parse(readFileSync(report, "utf8")).testResults.flatMap(({ assertionResults }) => assertionResults);
rmSync(folder, { recursive: true });

/** Client → cells `operation · access · bearer · what must come out`. */
const clients = new Map();
const others = [];
for (const { ancestorTitles, title, status: outcome } of tests) {
  const [operation, access, bearer, ...must] = title.split(" · ");
  if (must.length === 0) {
    others.push(`${outcome === "passed" ? "yes" : "NO "}  ${title}\n`);
    continue;
  }
  const client = ancestorTitles.at(-1);
  clients.set(client, [...(clients.get(client) ?? []), { operation, access, bearer, must: must.join(" · "), outcome }]);
}

const SHORT = {
  nobody: "none",
  reader: "read",
  writer: "write",
  "this repo's job": "job",
  "another repo's job": "other",
  owner: "own",
};
const unique = (values) => [...new Set(values)];

for (const [client, cells] of clients) {
  if (cells.every(({ outcome }) => outcome === "pending" || outcome === "skipped")) {
    process.stdout.write(`\n${client}: not run here (docs/guides/testing.md says what it needs)\n`);
    continue;
  }
  const accesses = unique(cells.map(({ access }) => access));
  const bearers = unique(cells.map(({ bearer }) => bearer));
  const operations = unique(cells.map(({ operation }) => operation));
  const refusals = unique(cells.map(({ must }) => must).filter((must) => must !== "yes"));
  const width = Math.max(client.length, ...operations.map(({ length }) => length));
  const shown = (cell) => {
    if (cell === undefined) return "";
    const mark = cell.must === "yes" ? "yes" : String.fromCharCode(97 + refusals.indexOf(cell.must));
    return cell.outcome === "passed" ? mark : `${mark}!`;
  };
  const heading = accesses.map((access) => access.padEnd(bearers.length * 6)).join("  ");
  const names = bearers.map((bearer) => (SHORT[bearer] ?? bearer).padEnd(6)).join("");
  process.stdout.write(
    `\n${client.padEnd(width)}  ${heading}\n${"".padEnd(width)}  ${accesses.map(() => names).join("  ")}\n`,
  );
  for (const operation of operations) {
    const groups = accesses.map((access) =>
      bearers
        .map((bearer) =>
          shown(
            cells.find((cell) => cell.operation === operation && cell.access === access && cell.bearer === bearer),
          ).padEnd(6),
        )
        .join(""),
    );
    process.stdout.write(`${operation.padEnd(width)}  ${groups.join("  ")}\n`);
  }
  for (const [at, refusal] of refusals.entries())
    process.stdout.write(`  ${String.fromCharCode(97 + at)}  ${refusal.trimEnd().replace(/:$/, "")}\n`);
}
process.stdout.write(`\n${others.join("")}`);
process.stdout.write(
  "\nyes: allowed; a letter: refused with that error; !: came out otherwise than it must.\n" +
    "none: no token; read, write, own: roles in the repo's organisation; job: token that a CI job of this repo earned; other: of another repo.\n",
);
process.exit(status ?? 1);
