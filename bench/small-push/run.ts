import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";
import { describeMachine } from "../harness/machine.ts";
import { startMeasured } from "../harness/measured-process.ts";
import { median } from "../harness/median.ts";
import { runMeasured } from "../harness/run-measured.ts";

/**
 * A push of one file to a repo of few and of many files, by turns: what it costs must follow what is pushed and not what is there.
 *
 *     npm run bench -- small-push [--rounds 15] [--files 100000]
 *
 * The time is that of the request that carries the pack, as the server's log tells it: git itself looks through its own index first.
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, files: { type: "string", default: "100000" } },
});
const rounds = Number(values.rounds);
const sizes = [100, Number(values.files)];
const ADMIN_TOKEN = `hf_${"Bench2".repeat(6)}`;

using folder = temporaryFolder("small-push");
const env = { PATH: process.env.PATH, HOME: folder.path, GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1" };
const identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"];
const git = (args: readonly string[], cwd = folder.path): Promise<{ readonly wall: number }> =>
  runMeasured(["git", ...identity, ...args], { env, cwd });
const log = path.join(folder.path, "log");
writeFileSync(log, "");

const server = await startMeasured(
  [
    "sh",
    "-c",
    `exec "$0" "$@" 2>> "${log}"`,
    process.execPath,
    path.join(import.meta.dirname, "../../packages/cli/bin/postern.js"),
    ...["serve", "--json", "--port", "0", "--data", path.join(folder.path, "data"), "--bootstrap-admin", "acme"],
  ],
  { POSTERN_ADMIN_TOKEN: ADMIN_TOKEN },
  (output) => /"url":"(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1],
);
try {
  for (const size of sizes) await prepare(size);
  const times = new Map<number, number[]>(sizes.map((size) => [size, []]));
  for (let round = 1; round <= rounds; round++)
    for (const size of round % 2 === 0 ? sizes : sizes.toReversed()) times.get(size)?.push(await pushOne(size, round));
  console.log(`small-push: ${rounds} pushes of one file each; ${describeMachine()}`);
  const [few = [], many = []] = sizes.map((size) => times.get(size) ?? []);
  for (const [index, taken] of [few, many].entries())
    console.log(
      `${String(sizes[index]).padStart(8)} files: ${median(taken).toFixed(0)} ms (${Math.min(...taken).toFixed(0)}..${Math.max(...taken).toFixed(0)})`,
    );
  const ratios = many.map((time, index) => time / (few[index] ?? Number.NaN));
  console.log(
    `many / few: ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`,
  );
} finally {
  await server.stop();
}

async function prepare(files: number): Promise<void> {
  const name = `files-${files}`;
  const response = await fetch(`${server.ready}/api/repos/create`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ organization: "acme", name, type: "model" }),
  });
  if (!response.ok) throw new Error(`create: ${response.status} ${await response.text()}`);
  await git(["init", "--quiet", "--initial-branch=main", name]);
  const stream = path.join(folder.path, `${name}.import`);
  const lines = Array.from({ length: files }, (_, index) => `M 100644 inline d${index % 1000}/f${index}\ndata 1\nx\n`);
  writeFileSync(stream, `commit refs/heads/main\ncommitter B <b@example.com> 1 +0000\ndata 1\nx\n${lines.join("")}`);
  await runMeasured(["sh", "-c", `git fast-import --quiet < "${stream}"`], { env, cwd: path.join(folder.path, name) });
  const url = `${server.ready.replace("//", `//bench:${ADMIN_TOKEN}@`)}/acme/${name}`;
  await git(["remote", "add", "origin", url], path.join(folder.path, name));
  await git(["push", "--quiet", "--force", "origin", "main"], path.join(folder.path, name));
  await git(["read-tree", "main"], path.join(folder.path, name));
}

/** @returns milliseconds of the request with the pack. */
async function pushOne(size: number, round: number): Promise<number> {
  const cwd = path.join(folder.path, `files-${size}`);
  writeFileSync(path.join(cwd, "pushed.txt"), `round ${round}\n`);
  await git(["update-index", "--add", "pushed.txt"], cwd);
  await git(["commit", "--quiet", "-m", `round ${round}`], cwd);
  const request = `"path":"/acme/files-${size}/git-receive-pack"`;
  const before = linesWith(request).length;
  await git(["push", "--quiet", "origin", "main"], cwd);
  for (;;) {
    const line = linesWith(request)[before];
    if (line !== undefined) {
      const entry: { readonly duration_ms: number } = JSON.parse(line);
      return entry.duration_ms;
    }
    // The log is written just after the answer.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function linesWith(text: string): readonly string[] {
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line.includes(text) && line.includes('"status":200'));
}
