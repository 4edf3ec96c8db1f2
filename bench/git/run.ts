import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";
import { describeMachine } from "../harness/machine.ts";
import { startMeasured } from "../harness/measured-process.ts";
import { median } from "../harness/median.ts";
import { runMeasured } from "../harness/run-measured.ts";
import { startGitHttpBackend } from "./git-http-backend.ts";
import { treeCpuSeconds } from "./tree-cpu.ts";

/**
 * Push and clone of one repo by real git, against `git http-backend` behind nginx and fcgiwrap, interleaved.
 *
 *     npm run bench -- git [--rounds 5] [--files 1000] [--bytes 200000]
 *
 * Both take the same commits into a new repo each round, over loopback and on the same disk; the write-back queue is emptied before
 * each step. The backend runs with git's own settings: it neither checks objects nor syncs refs, and Postern does both.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    files: { type: "string", default: "1000" },
    bytes: { type: "string", default: "200000" },
  },
});
const [rounds, files, bytes] = [Number(values.rounds), Number(values.files), Number(values.bytes)];
const ADMIN_TOKEN = `hf_${"Bench2".repeat(6)}`;

using folder = temporaryFolder("bench-git");
interface Step {
  /** Seconds that git took. */
  readonly wall: number;
  /** CPU seconds of the server and of the git that it ran. */
  readonly cpu: number;
}
const steps = new Map<string, Step[]>();
const env = {
  PATH: process.env.PATH,
  HOME: folder.path,
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Bench",
  GIT_AUTHOR_EMAIL: "bench@example.com",
  GIT_COMMITTER_NAME: "Bench",
  GIT_COMMITTER_EMAIL: "bench@example.com",
};
const git = (args: readonly string[], cwd = folder.path): Promise<{ readonly wall: number }> =>
  runMeasured(["git", ...args], { env, cwd });

const server = await startMeasured(
  [
    process.execPath,
    path.join(import.meta.dirname, "../../packages/cli/bin/postern.js"),
    ...["serve", "--json", "--port", "0", "--data", path.join(folder.path, "data"), "--bootstrap-admin", "acme"],
  ],
  { POSTERN_ADMIN_TOKEN: ADMIN_TOKEN },
  (output) => /"url":"(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1],
);
try {
  await using backend = await startGitHttpBackend(folder.path);
  const idle = server.peakMemory();
  const work = path.join(folder.path, "work");
  await git(["init", "--quiet", "--initial-branch=main", work]);
  // Random bytes do not shrink; this is the time of the preparation only.
  await git(["config", "core.compression", "0"], work);
  for (let index = 0; index < files; index++) {
    const directory = path.join(work, `folder-${index % 20}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, `file-${index}`), randomBytes(bytes));
  }
  await git(["add", "."], work);
  await git(["commit", "--quiet", "-m", "All"], work);
  await git(["repack", "-adq"], work);
  for (let round = 1; round <= rounds; round++) {
    const name = `round-${round}`;
    backend.init(`${name}.git`);
    await createRepo(name);
    const ours = `${server.ready.replace("//", `//bench:${ADMIN_TOKEN}@`)}/acme/${name}`;
    const theirs = `${backend.url}/${name}.git`;
    const sides = [
      ["postern", ours, () => treeCpuSeconds(server.pid)],
      ["git http-backend", theirs, () => backend.cpuSeconds()],
    ] as const;
    // Who begins changes: the second finds warmer caches.
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const [side, url, cpu] of order)
      await step(`push, ${side}`, cpu, ["push", "--quiet", "--force", url, "main"], work);
    for (const [side, url, cpu] of order) {
      const target = path.join(folder.path, "clone");
      await step(`clone, ${side}`, cpu, ["clone", "--quiet", url, target]);
      rmSync(target, { recursive: true });
    }
  }
  report(idle);
} finally {
  await server.stop();
}

async function createRepo(name: string): Promise<void> {
  const response = await fetch(`${server.ready}/api/repos/create`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ organization: "acme", name, type: "model" }),
  });
  if (!response.ok) throw new Error(`create: ${response.status} ${await response.text()}`);
}

async function step(name: string, cpu: () => number, args: readonly string[], cwd = folder.path): Promise<void> {
  await runMeasured(["sync"], { env, cwd });
  const before = cpu();
  const { wall } = await git(args, cwd);
  steps.set(name, [...(steps.get(name) ?? []), { wall: wall / 1000, cpu: cpu() - before }]);
}

function report(idle: number): void {
  console.log(`git: ${rounds} rounds of ${files} files of ${bytes} bytes; ${describeMachine()}`);
  console.log(
    "median of rounds               s   fastest s   server CPU s   backend's / ours: time (min..max)   CPU (min..max)",
  );
  for (const what of ["push", "clone"]) {
    const baseline = steps.get(`${what}, git http-backend`) ?? [];
    for (const side of ["git http-backend", "postern"]) {
      const taken = steps.get(`${what}, ${side}`) ?? [];
      const ratios = (of: keyof Step): string => {
        const all = taken.map((step, index) => (baseline[index]?.[of] ?? Number.NaN) / step[of]);
        return `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)}..${Math.max(...all).toFixed(2)})`;
      };
      const seconds = (of: keyof Step): string => median(taken.map((step) => step[of])).toFixed(2);
      console.log(
        [
          `${what}, ${side}`.padEnd(25),
          seconds("wall").padStart(6),
          // Other work on the machine can only add.
          Math.min(...taken.map(({ wall }) => wall))
            .toFixed(2)
            .padStart(11),
          seconds("cpu").padStart(14),
          ratios("wall").padStart(35),
          ratios("cpu").padStart(20),
        ].join(" "),
      );
    }
  }
  console.log(
    `resident memory of the server: ${idle.toFixed(0)} MiB after its start, ${server.peakMemory().toFixed(0)} MiB at its peak`,
  );
}
