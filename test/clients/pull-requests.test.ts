import { createHash } from "node:crypto";
import { commit as jsCommit } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

const REPO = "ada/train";
const API = `/api/models/${REPO}`;

let hub: RunningHub;
let ada: string;
let eve: string;
let rob: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  eve = await hub.user("eve");
  rob = await hub.user("rob", "read");
  await hub.repo(REPO, { token: ada });
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

type Files = Readonly<Record<string, string | undefined>>;

function send(token: string | undefined, revision: string, files: Files, query = "", repo = REPO) {
  const lines = [
    { key: "header", value: { summary: `Change ${Object.keys(files).join(" ")}`, description: "because" } },
    ...Object.entries(files).map(([path, content]) =>
      content === undefined
        ? { key: "deletedFile", value: { path } }
        : { key: "file", value: { path, content, encoding: "utf-8" } },
    ),
  ];
  const body = lines.map((line) => JSON.stringify(line)).join("\n");
  const headers = { "content-type": "application/x-ndjson" };
  return hub.call("POST", `/api/models/${repo}/commit/${encodeURIComponent(revision)}${query}`, {
    token,
    body,
    headers,
  });
}

async function pull(token: string, files: Files): Promise<number> {
  const answer = await send(token, "main", files, "?create_pr=1");
  expect(answer.status, answer.text).toBe(200);
  const number = /^http.*\/ada\/train\/discussions\/(\d+)$/.exec(answer.json.pullRequestUrl)?.[1];
  return Number(number);
}

const act = (token: string | undefined, num: number, path: string, body: unknown = {}) =>
  hub.call("POST", `${API}/discussions/${num}/${path}`, { token, body });
const show = (num: number, token?: string) => hub.call("GET", `${API}/discussions/${num}?diff=1`, { token });
const file = async (path: string, revision = "main", token?: string) =>
  (await hub.call("GET", `/${REPO}/resolve/${encodeURIComponent(revision)}/${path}`, { token })).text;
const tip = async () => (await hub.call("GET", `${API}/refs`)).json.branches[0].targetCommit;

describe("a pull request", () => {
  it("is opened by a reader, leaves the branch alone, and is merged by a writer", async () => {
    const before = await tip();
    const num = await pull(eve, { "new.txt": "from eve\n" });
    expect(await tip()).toBe(before);
    expect(await file("new.txt", `refs/pr/${num}`)).toBe("from eve\n");
    const refs = (await hub.call("GET", `${API}/refs?include_prs=1`)).json.pullRequests;
    expect(refs).toContainEqual(expect.objectContaining({ name: String(num), ref: `refs/pr/${num}` }));

    const { json } = await show(num);
    expect(json).toMatchObject({
      num,
      title: "Change new.txt",
      status: "open",
      isPullRequest: true,
      author: { name: "eve" },
      repo: { name: REPO, type: "model" },
      changes: { base: "refs/heads/main" },
      filesWithConflicts: [],
    });
    expect(json.diff).toContain("+from eve");
    expect(json.events.map(({ type }: { type: string }) => type).toSorted()).toEqual(["comment", "commit"]);

    expect((await send(eve, `refs/pr/${num}`, { "more.txt": "more\n" })).status).toBe(200);
    expect((await act(eve, num, "merge")).status).toBe(403);
    expect((await act(undefined, num, "merge")).status).toBe(401);
    const merged = await act(ada, num, "merge", { comment: "thanks" });
    expect([merged.status, merged.json.newStatus.data.status], merged.text).toEqual([200, "merged"]);
    expect(await file("new.txt")).toBe("from eve\n");
    expect(await file("more.txt")).toBe("more\n");
    const after = (await show(num)).json;
    expect([after.status, after.changes.mergeCommitId]).toEqual(["merged", await tip()]);
    expect(after.diff).toContain("+from eve");
    expect((await act(ada, num, "merge")).status).toBe(409);
    expect((await send(eve, `refs/pr/${num}`, { "late.txt": "x" })).status).toBe(409);
  });

  it("gets a merge commit by whoever merges when the branch has moved, with what both sides did", async () => {
    const num = await pull(eve, { "theirs.txt": "t\n" });
    expect((await send(ada, "main", { "ours.txt": "o\n" })).status).toBe(200);
    const target = await tip();
    expect((await act(ada, num, "merge")).status).toBe(200);
    expect([await file("theirs.txt"), await file("ours.txt")]).toEqual(["t\n", "o\n"]);
    const [newest] = (await hub.call("GET", `${API}/commits/main`)).json;
    expect(newest).toMatchObject({ id: await tip(), title: `Merge pull request #${num}: Change theirs.txt` });
    expect(newest.authors[0].user).toBe("ada");
    expect((await hub.call("GET", `${API}/commits/${target}`)).status).toBe(200);
    const entry = await entries("discussion.merge");
    expect(entry.at(-1)).toMatchObject({ actor: { name: "ada" }, outcome: "allowed" });
  });

  it("is not merged while both sides changed a file, and says which", async () => {
    const num = await pull(eve, { "new.txt": "eve's\n" });
    expect((await send(ada, "main", { "new.txt": "ada's\n" })).status).toBe(200);
    expect((await show(num)).json.filesWithConflicts).toEqual(["new.txt"]);
    const before = await tip();
    const refused = await act(ada, num, "merge");
    expect([refused.status, refused.json.filesWithConflicts]).toEqual([409, ["new.txt"]]);
    expect([await tip(), (await show(num)).json.status]).toEqual([before, "open"]);
    expect((await act(eve, num, "status", { status: "closed" })).json.newStatus.data.status).toBe("closed");
    expect((await act(ada, num, "merge")).status).toBe(409);
  });

  it("is opened and filled by the JavaScript client, large file included", async () => {
    const weights = Buffer.alloc(12 * 1024 * 1024, "w");
    const made = await jsCommit({
      hubUrl: hub.url,
      accessToken: eve,
      repo: REPO,
      title: "weights",
      isPullRequest: true,
      operations: [{ operation: "addOrUpdate", path: "model.safetensors", content: new Blob([weights]) }],
    });
    const url = made?.pullRequestUrl ?? "";
    expect(url).toMatch(new RegExp(`^${hub.url}/ada/train/discussions/\\d+$`));
    const number = url.split("/").at(-1);
    const head = await hub.call("HEAD", `/${REPO}/resolve/refs%2Fpr%2F${number}/model.safetensors`);
    expect(head.headers.get("x-linked-etag")).toBe(`"${createHash("sha256").update(weights).digest("hex")}"`);
    expect((await hub.call("HEAD", `/${REPO}/resolve/main/model.safetensors`)).status).toBe(404);
  });

  it("is merged once, beside commits and other merges at the same moment, and nothing is lost", async () => {
    const pulls: number[] = [];
    for (let at = 0; at < 4; at++) pulls.push(await pull(eve, { [`race/pull-${at}.txt`]: String(at) }));
    const merges = pulls.flatMap((num) => [act(ada, num, "merge"), act(ada, num, "merge")]);
    const commits = pulls.map((_, at) => send(ada, "main", { [`race/commit-${at}.txt`]: String(at) }));
    const answers = await Promise.all([...merges, ...commits]);
    const merged = answers.slice(0, merges.length).filter(({ status }) => status === 200);
    expect(merged).toHaveLength(pulls.length);
    expect(answers.slice(merges.length).map(({ status }) => status)).toEqual(pulls.map(() => 200));
    const { json } = await hub.call("GET", `${API}/tree/main/race`);
    expect(json).toHaveLength(2 * pulls.length);
    const { json: log } = await hub.call("GET", `${API}/commits/main`);
    for (const { json: made } of answers.slice(merges.length))
      expect(log.filter(({ id }: { id: string }) => id === made.commitOid)).toHaveLength(1);
    for (const num of pulls) expect((await show(num)).json.status).toBe("merged");
  });

  it("takes commits of its author and of writers only", async () => {
    const num = await pull(eve, { "own.txt": "1" });
    const mallory = await hub.user("mallory");
    expect((await send(mallory, `refs/pr/${num}`, { "own.txt": "2" })).status).toBe(403);
    expect((await send(undefined, `refs/pr/${num}`, { "own.txt": "2" })).status).toBe(401);
    expect((await send(ada, `refs/pr/${num}`, { "own.txt": "3" })).status).toBe(200);
    expect((await send(eve, "refs/pr/9999", { "own.txt": "2" })).headers.get("x-error-code")).toBe("RevisionNotFound");
    // To a branch a reader writes as little as before.
    expect((await send(eve, "main", { "own.txt": "4" })).status).toBe(403);
  });

  it("is not opened by nobody, a reader's token, or a job that only reads", async () => {
    const issuer = hub.simulator.issuerUrl("github");
    const publisher = { provider: "github", issuer, claims: GITHUB_CLAIMS, access: "read" };
    expect((await hub.publisher("users/eve", publisher, eve)).status).toBe(201);
    const subject = await hub.simulator.issueToken("github", { audience: hub.url });
    const job = (await hub.exchange(subject, "eve")).json.access_token;
    for (const token of [undefined, rob, job]) {
      const status = token === undefined ? 401 : 403;
      expect((await send(token, "main", { x: "y" }, "?create_pr=1")).status).toBe(status);
      const body = { title: "hello there", description: "text" };
      expect((await hub.call("POST", `${API}/discussions`, { token, body })).status).toBe(status);
      const upload = { operation: "upload", objects: [{ oid: "a".repeat(64), size: 1 }] };
      expect((await hub.call("POST", `/${REPO}.git/info/lfs/objects/batch`, { token, body: upload })).status).toBe(
        status,
      );
    }
  });

  it("needs the files of a gated repo, and shows no diff without them", async () => {
    await hub.repo("ada/gated", { token: ada });
    const base = "/api/models/ada/gated";
    await hub.call("PUT", `${base}/settings`, { token: ada, body: { gated: "manual" } });
    const refused = await send(eve, "main", { x: "y" }, "?create_pr=1", "ada/gated");
    expect([refused.status, refused.headers.get("x-error-code")]).toEqual([403, "GatedRepo"]);
    const upload = { operation: "upload", objects: [{ oid: "a".repeat(64), size: 1 }] };
    const batch = await hub.call("POST", "/ada/gated.git/info/lfs/objects/batch", { token: eve, body: upload });
    expect([batch.status, batch.headers.get("x-error-code")]).toEqual([403, "GatedRepo"]);
    expect((await send(ada, "main", { x: "secret" }, "?create_pr=1", "ada/gated")).status).toBe(200);
    expect((await hub.call("GET", `${base}/discussions/1?diff=1`, { token: ada })).json.diff).toContain("secret");
    expect((await hub.call("GET", `${base}/discussions/1?diff=1`, { token: eve })).json.diff).toBeUndefined();
  });
});

describe("uploads for pull requests", () => {
  it("end with the person's budget, over all repos, and never go to a branch", async () => {
    await hub.repo("ada/other", { token: ada });
    const greedy = await hub.user("greedy");
    const gib = 1024 ** 3;
    const ask = (repo: string, name: string, size: number, ref?: string) =>
      hub.call("POST", `/${repo}.git/info/lfs/objects/batch`, {
        token: greedy,
        body: {
          operation: "upload",
          objects: [{ oid: createHash("sha256").update(name).digest("hex"), size }],
          ...(ref === undefined ? {} : { ref: { name: ref } }),
        },
      });
    expect((await ask(REPO, "branch", 1, "refs/heads/main")).status).toBe(403);
    expect((await ask(REPO, "one", 6 * gib)).json.objects[0].actions.upload.href).toBeTruthy();
    // Asking again for the same one costs nothing.
    expect((await ask(REPO, "one", 6 * gib)).status).toBe(200);
    expect((await ask("ada/other", "two", 5 * gib)).status).toBe(403);
    expect((await ask("ada/other", "two", 3 * gib)).status).toBe(200);
  });
});

describe("a discussion", () => {
  const open = async (token: string, title = "A question") =>
    (await hub.call("POST", `${API}/discussions`, { token, body: { title, description: "text", pullRequest: false } }))
      .json.num;

  it("shares its numbers with pull requests, and no number comes twice", async () => {
    const first = await open(eve);
    const second = await pull(eve, { "n.txt": "n" });
    const third = await open(eve);
    expect([second, third]).toEqual([first + 1, first + 2]);
    const many = await Promise.all(Array.from({ length: 6 }, () => open(ada)));
    expect(new Set(many).size).toBe(6);
  });

  it("is commented, edited by its author alone, and hidden for good", async () => {
    const num = await open(eve);
    const said = (await act(ada, num, "comment", { comment: "<b>hi</b>" })).json.newMessage;
    expect(said).toMatchObject({
      type: "comment",
      data: { edited: false, hidden: false, latest: { raw: "<b>hi</b>" } },
    });
    expect(said.data.latest.html).not.toContain("<b>");
    expect((await act(eve, num, `comment/${said.id}/edit`, { content: "no" })).status).toBe(403);
    const edited = (await act(ada, num, `comment/${said.id}/edit`, { content: "hello" })).json.updatedComment;
    expect([edited.data.edited, edited.data.latest.raw]).toEqual([true, "hello"]);
    expect((await act(eve, num, `comment/${said.id}/hide`)).status).toBe(403);
    expect((await act(ada, num, `comment/${said.id}/hide`)).json.updatedComment.data.hidden).toBe(true);
    expect(JSON.stringify((await show(num)).json)).not.toContain("hello");
    expect((await act(ada, num, `comment/${said.id}/edit`, { content: "again" })).status).toBe(404);
    expect((await act(ada, num, "comment", { comment: " " })).status).toBe(400);
    expect((await act(ada, num, "comment", { comment: "x".repeat(65_537) })).status).toBe(400);
  });

  it("is renamed, closed and opened by its author and by writers only", async () => {
    const num = await open(eve);
    const mallory = await hub.user("mal");
    for (const [path, body] of [
      ["title", { title: "Another" }],
      ["status", { status: "closed" }],
    ] as const) {
      expect((await act(mallory, num, path, body)).status).toBe(403);
      expect((await act(eve, num, path, body)).status).toBe(200);
    }
    expect((await act(ada, num, "status", { status: "open" })).status).toBe(200);
    expect((await act(ada, num, "status", { status: "open" })).status).toBe(409);
    expect((await act(ada, num, "merge")).status).toBe(409);
    expect((await act(ada, num, "title", { title: "no" })).status).toBe(400);
    const types = (await show(num)).json.events.map(({ type }: { type: string }) => type);
    expect(types).toEqual(["comment", "title-change", "status-change", "status-change"]);
  });

  it("is no way to flood a repo, and is listed by kind, status and author, in pages", async () => {
    await hub.repo("ada/flooded", { token: ada });
    const flooder = await hub.user("flooder");
    const base = "/api/models/ada/flooded/discussions";
    const post = (token: string) => hub.call("POST", base, { token, body: { title: "Buy this", description: "x" } });
    const all = await Promise.all(Array.from({ length: 52 }, () => post(flooder)));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(50);
    expect(all.filter(({ status }) => status === 409)).toHaveLength(2);
    expect((await post(ada)).json.num).toBe(51);
    const first = (await hub.call("GET", `${base}?p=0`)).json;
    const second = (await hub.call("GET", `${base}?p=1`)).json;
    expect([first.count, first.start, first.discussions.length]).toEqual([51, 0, 50]);
    expect([second.start, second.discussions.map(({ num }: { num: number }) => num)]).toEqual([50, [1]]);
    await hub.call("POST", `${base}/1/status`, { token: flooder, body: { status: "closed" } });
    expect((await hub.call("GET", `${base}?status=closed`)).json.count).toBe(1);
    expect((await hub.call("GET", `${base}?type=pull_request`)).json.count).toBe(0);
    expect((await hub.call("GET", `${base}?author=ADA`)).json.count).toBe(1);
    expect((await post(flooder)).status).toBe(200);
  });
});

async function entries(event: string): Promise<readonly Record<string, unknown>[]> {
  const { text } = await hub.call("GET", "/api/postern/v1/audit?limit=1000", { token: hub.adminToken });
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter((entry) => entry.event === event);
}
