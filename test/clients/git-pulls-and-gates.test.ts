import { createBranch, deleteBranch, listFiles } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";
import { realGit, withToken } from "./real-git.ts";

const REPO = "ada/train";
const API = `/api/models/${REPO}`;
const folder = temporaryFolder("git-pulls");
const git = realGit(folder.path);

let hub: RunningHub;
let ada: string;
let eve: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  eve = await hub.user("eve");
  await hub.repo(REPO, { token: ada });
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function draft(token: string): Promise<number> {
  const body = { title: "By git", description: "text", pullRequest: true };
  return (await hub.call("POST", `${API}/discussions`, { token, body })).json.num;
}

describe("a pull request by git", () => {
  it("is pushed to by the reader who opened it, fetched by everybody, and merged", async () => {
    const cwd = "eves";
    const url = withToken(`${hub.url}/${REPO}`, eve);
    await git.ok(["clone", url, cwd]);
    git.write({ [`${cwd}/pushed.txt`]: "by git\n" });
    await git.ok(["add", "."], { cwd });
    await git.ok(["commit", "-m", "Pushed by a reader"], { cwd });
    // Without a pull request of their own they may not even knock.
    expect((await git.run(["push", "origin", "HEAD:refs/pr/1"], { cwd })).code).not.toBe(0);
    const own = await draft(eve);
    const adas = await draft(ada);
    const refused = await git.run(["push", "origin", `HEAD:refs/pr/${adas}`], { cwd });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("somebody else's")]);
    expect((await git.run(["push", "origin", "HEAD:main"], { cwd })).code).not.toBe(0);
    await git.ok(["push", "origin", `HEAD:refs/pr/${own}`], { cwd });

    const head = await git.ok(["rev-parse", "HEAD"], { cwd });
    const { json } = await hub.call("GET", `${API}/discussions/${own}?diff=1`);
    const commits = json.events.filter(({ type }: { type: string }) => type === "commit");
    expect(commits.map(({ data }: { data: unknown }) => data)).toEqual([{ subject: "Pushed by a reader", oid: head }]);
    expect(json.diff).toContain("+by git");
    const anonymous = await git.ok(["ls-remote", `${hub.url}/${REPO}`, `refs/pr/${own}`]);
    expect(anonymous).toBe(`${head}\trefs/pr/${own}`);

    expect(
      (await hub.call("POST", `${API}/discussions/${own}/status`, { token: eve, body: { status: "open" } })).status,
    ).toBe(200);
    expect((await hub.call("POST", `${API}/discussions/${own}/merge`, { token: ada, body: {} })).status).toBe(200);
    expect(await git.ok(["ls-remote", `${hub.url}/${REPO}`, "refs/heads/main"])).toBe(`${head}\trefs/heads/main`);
    git.write({ [`${cwd}/late.txt`]: "late\n" });
    await git.ok(["add", "."], { cwd });
    await git.ok(["commit", "-m", "Too late"], { cwd });
    expect((await git.run(["push", "origin", `HEAD:refs/pr/${own}`], { cwd })).code).not.toBe(0);
  });
});

describe("a gated repo", () => {
  it("is cloned by those who were let in, and by nobody else", async () => {
    await hub.repo("ada/gated", { token: ada });
    await hub.call("PUT", "/api/models/ada/gated/settings", { token: ada, body: { gated: "manual" } });
    const clone = (token: string, into: string) => git.run(["clone", withToken(`${hub.url}/ada/gated`, token), into]);
    expect((await git.run(["clone", `${hub.url}/ada/gated`, "anonymous"])).code).not.toBe(0);
    const refused = await clone(eve, "refused");
    expect([refused.code, refused.stderr]).toEqual([128, expect.stringContaining("403")]);
    expect((await clone(ada, "owner")).code).toBe(0);
    const request = "/api/models/ada/gated/user-access-request";
    await hub.call("POST", `${request}/grant`, { token: ada, body: { user: "eve" } });
    expect((await clone(eve, "granted")).code).toBe(0);
    await hub.call("POST", `${request}/handle`, { token: ada, body: { user: "eve", status: "rejected" } });
    expect((await git.run(["fetch"], { cwd: "granted" })).code).not.toBe(0);
  });
});

describe("branches and tags", () => {
  it("are made by the JavaScript client from a revision, empty, and over another", async () => {
    const call = { hubUrl: hub.url, accessToken: ada, repo: REPO };
    const first = (await hub.call("GET", `${API}/commits/main`)).json.at(-1).id;
    const refs = async (): Promise<string> => await git.ok(["ls-remote", `${hub.url}/${REPO}`, "refs/heads/js*"]);
    await createBranch({ ...call, branch: "js/one", revision: first });
    expect(await refs()).toBe(`${first}\trefs/heads/js/one`);
    await expect(createBranch({ ...call, branch: "js/one" })).rejects.toMatchObject({ statusCode: 409 });
    await createBranch({ ...call, branch: "js/one", overwrite: true });
    expect(await refs()).not.toContain(first);
    await createBranch({ ...call, branch: "js/one", empty: true, overwrite: true });
    const paths: string[] = [];
    for await (const { path } of listFiles({ ...call, revision: "js/one" })) paths.push(path);
    expect(paths).toEqual([".gitattributes"]);
    await deleteBranch({ ...call, branch: "js/one" });
    expect(await refs()).toBe("");
  });

  it("are annotated when a tag has a message, and plain when it has none", async () => {
    const tag = (body: unknown) => hub.call("POST", `${API}/tag/main`, { token: ada, body });
    expect((await tag({ tag: "plain" })).status).toBe(200);
    expect((await tag({ tag: "v1", message: "The first" })).status).toBe(200);
    await git.ok(["clone", `${hub.url}/${REPO}`, "tags"]);
    const type = (name: string) => git.ok(["cat-file", "-t", name], { cwd: "tags" });
    expect([await type("plain"), await type("v1")]).toEqual(["commit", "tag"]);
    expect(await git.ok(["tag", "-l", "--format=%(contents:subject) by %(taggername)", "v1"], { cwd: "tags" })).toBe(
      "The first by ada",
    );
  });
});
