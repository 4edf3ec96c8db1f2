import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { globSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { realGit, withToken } from "../clients/real-git.ts";
import { seededRandom, testSeed } from "../harness/seeded-random.ts";
import { freePort, startServerProcess } from "../harness/server-process.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const ROUNDS = Number(process.env.POSTERN_PUSH_KILL_ROUNDS ?? 6);
const ADMIN_TOKEN = `hf_${"A1b2C3d4".repeat(4)}Zz`;

it(`keeps every acknowledged push and shows no half of one through ${ROUNDS} times kill -9`, {
  timeout: 600_000,
}, async () => {
  const random = seededRandom(testSeed("push-crash"));
  using folder = temporaryFolder("push-crash");
  using clone = temporaryFolder("push-crash-clone");
  const git = realGit(clone.path);
  const dataDir = path.join(folder.path, "data");
  const port = await freePort();
  const start = () =>
    startServerProcess({
      port,
      dataDir,
      args: ["--bootstrap-admin", "acme"],
      env: { POSTERN_ADMIN_TOKEN: ADMIN_TOKEN },
    });
  let server = await start();
  const created = await fetch(`${server.url}/api/repos/create`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ organization: "acme", name: "train", type: "model" }),
  });
  expect(created.status).toBe(200);
  await git.ok(["clone", withToken(`${server.url}/acme/train`, ADMIN_TOKEN), "train"]);
  const cwd = "train";
  const first = await git.ok(["rev-parse", "HEAD"], { cwd });

  const acknowledged: string[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    let stopped = false;
    const pushing = (async () => {
      for (let number = 0; !stopped; number++) {
        git.write({ [`train/${round}-${number}.txt`]: randomBytes(400_000) });
        await git.ok(["add", "."], { cwd });
        await git.ok(["commit", "-m", `${round} ${number}`], { cwd });
        const commit = await git.ok(["rev-parse", "HEAD"], { cwd });
        if ((await git.run(["push", "origin", "main"], { cwd })).code !== 0) return;
        acknowledged.push(commit);
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 1200));
    await server.kill("SIGKILL");
    stopped = true;
    await pushing;

    const [bare = ""] = globSync(path.join(dataDir, "repos/??/*.git"));
    const read = (...args: string[]): string =>
      execFileSync("git", ["--git-dir", bare, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
    read("fsck", "--strict", "--no-dangling");
    const history = new Set(read("rev-list", "main").split("\n"));
    expect(
      acknowledged.filter((commit) => !history.has(commit)),
      `pushes lost in round ${round}`,
    ).toEqual([]);
    const tip = read("rev-parse", "main");
    if (tip !== first) expect(refsInLog(dataDir), `the tip after round ${round} is in the log`).toContain(tip);
    server = await start();
  }
  git.write({ "train/last.txt": "last\n" });
  await git.ok(["add", "."], { cwd });
  await git.ok(["commit", "-m", "last"], { cwd });
  await git.ok(["push", "origin", "main"], { cwd });
  await server.kill("SIGTERM");
  expect(globSync(path.join(dataDir, "repos/??/*.git/objects/tmp_*"))).toEqual([]);
  console.info(`push-crash: ${acknowledged.length} pushes acknowledged and kept`);
  expect(acknowledged.length).toBeGreaterThan(0);
});

/** Every value that an entry of a push gives to a ref, as one text. */
function refsInLog(dataDir: string): string {
  const database = new Database(path.join(dataDir, "postern.db"), { readonly: true });
  try {
    return database
      .prepare<[], string>("select detail from audit_log where event = 'repo.push' and outcome = 'allowed'")
      .pluck()
      .all()
      .join("\n");
  } finally {
    database.close();
  }
}
