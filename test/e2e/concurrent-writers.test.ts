import { checkStorage } from "@postern/server/storage";
import { afterAll, beforeAll, expect, it } from "vitest";
import { realGit, withToken } from "../clients/real-git.ts";
import { type Answer, type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const REPO = "root-admin/busy";
const PUSHERS = 6;
const COMMITTERS = 7;
const CAREFUL_COMMITTERS = 7;
/** How often each of them writes; a push takes longer than a commit. */
const PUSHES = Number(process.env.POSTERN_WRITER_ROUNDS ?? 1);
const COMMITS = 3 * PUSHES;
/** Of one push or one commit: somebody else gets through each time, so that it ends long before. */
const MOST_ATTEMPTS = 300;

const folder = temporaryFolder("writers");
const git = realGit(folder.path);
let hub: RunningHub;
beforeAll(async () => {
  hub = await startHub();
  await hub.repo(REPO);
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** What a writer was told: the tip that it made, and the one title that stands for it. */
interface Acknowledged {
  readonly title: string;
  readonly commit: string;
}

it(`has every acknowledged commit of ${PUSHERS + COMMITTERS + CAREFUL_COMMITTERS} writers in history exactly once, pushes and commits mixed`, {
  timeout: 300_000,
}, async () => {
  const written = await Promise.all([
    ...count(PUSHERS).map((number) => pushRepeatedly(`push-${number}`)),
    ...count(COMMITTERS).map((number) => commitRepeatedly(`api-${number}`, async () => undefined)),
    ...count(CAREFUL_COMMITTERS).map((number) => commitRepeatedly(`careful-${number}`, tipOfMain)),
  ]);
  const acknowledged = written.flat();
  expect(acknowledged).toHaveLength(PUSHERS * PUSHES + (COMMITTERS + CAREFUL_COMMITTERS) * COMMITS);

  await git.ok(["clone", `${hub.url}/${REPO}`, "result"]);
  const log = (await git.ok(["log", "--reverse", "--format=%H %s"], { cwd: "result" })).split("\n");
  const history = log.map((line): Acknowledged => ({ commit: line.slice(0, 40), title: line.slice(41) }));
  expect(history[0]?.title).toBe("initial commit");
  expect(sorted(history.slice(1))).toEqual(sorted(acknowledged));
  const files = (await git.ok(["ls-files"], { cwd: "result" })).split("\n");
  expect(files.filter((name) => name.endsWith(".txt"))).toEqual(acknowledged.map(({ title }) => `${title}.txt`).sort());
  expect(await git.ok(["rev-list", "--merges", "HEAD"], { cwd: "result" })).toBe("");

  const { findings } = await checkStorage({ dataDir: hub.dataDir, deep: true });
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  const moves = await recordedMoves();
  expect(moves.map(({ to }) => to)).toEqual(history.slice(1).map(({ commit }) => commit));
  expect(moves.map(({ from }) => from)).toEqual(history.slice(0, -1).map(({ commit }) => commit));
});

/** As people do it: push, and when somebody else was faster, rebase and push again. */
async function pushRepeatedly(name: string): Promise<readonly Acknowledged[]> {
  const cwd = name;
  await git.ok(["clone", withToken(`${hub.url}/${REPO}`, hub.adminToken), name]);
  const done: Acknowledged[] = [];
  for (const round of count(PUSHES)) {
    const title = `${name}-${round}`;
    git.write({ [`${name}/${title}.txt`]: `${title}\n` });
    await git.ok(["add", "."], { cwd });
    await git.ok(["commit", "-m", title], { cwd });
    await untilAccepted(title, async () => {
      const { code, stderr } = await git.run(["push", "origin", "main"], { cwd });
      if (code === 0) return true;
      expect(stderr).toMatch(/fetch first|non-fast-forward|the ref has changed meanwhile/);
      await git.ok(["pull", "--rebase"], { cwd });
      return false;
    });
    done.push({ title, commit: await git.ok(["rev-parse", "HEAD"], { cwd }) });
  }
  return done;
}

async function commitRepeatedly(
  name: string,
  parentCommit: () => Promise<string | undefined>,
): Promise<readonly Acknowledged[]> {
  const done: Acknowledged[] = [];
  for (const round of count(COMMITS)) {
    const title = `${name}-${round}`;
    await untilAccepted(title, async () => {
      const answer = await commit(title, await parentCommit());
      if (answer.status === 200) done.push({ title, commit: answer.json.commitOid });
      else expect([answer.status, answer.json.code], answer.text).toEqual([412, "StaleParent"]);
      return answer.status === 200;
    });
  }
  return done;
}

function commit(title: string, parentCommit: string | undefined): Promise<Answer> {
  const lines = [
    { key: "header", value: { summary: title, parentCommit } },
    { key: "file", value: { path: `${title}.txt`, content: `${title}\n`, encoding: "utf-8" } },
  ];
  return hub.call("POST", `/api/models/${REPO}/commit/main`, {
    token: hub.adminToken,
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
}

async function tipOfMain(): Promise<string> {
  return (await hub.call("GET", `/api/models/${REPO}/revision/main`)).json.sha;
}

async function untilAccepted(what: string, attempt: () => Promise<boolean>): Promise<void> {
  for (let attempts = 1; attempts <= MOST_ATTEMPTS; attempts++) if (await attempt()) return;
  throw new Error(`${what} was not accepted in ${MOST_ATTEMPTS} attempts`);
}

/** Every move of main as the audit log tells it, oldest first; what an entry takes back is left out. */
async function recordedMoves(): Promise<readonly { readonly from: string; readonly to: string }[]> {
  const { text } = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
  const entries = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "repo.push" || event === "repo.commit");
  const moves = entries.map(({ outcome, detail }) => {
    const [, from, to] = detail.refs === undefined ? ["", detail.parent, detail.commit] : detail.refs[0].split(" ");
    return { outcome, from, to };
  });
  const denied = new Set(moves.filter(({ outcome }) => outcome === "denied").map(({ to }) => to));
  return moves
    .filter(({ outcome, to }) => outcome === "allowed" && !denied.has(to))
    .map(({ from, to }) => ({ from, to }));
}

function count(many: number): readonly number[] {
  return Array.from({ length: many }, (_, index) => index + 1);
}

function sorted(list: readonly Acknowledged[]): readonly string[] {
  return list.map(({ title, commit: id }) => `${title} ${id}`).sort();
}
