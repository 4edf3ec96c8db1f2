import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";
import { realGit, withToken } from "./real-git.ts";

const folder = temporaryFolder("real-git");
const git = realGit(folder.path);
let hub: RunningHub;
let ada: string;
let eve: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  eve = await hub.user("eve");
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const urlOf = (repo: string, token?: string): string =>
  token === undefined ? `${hub.url}/${repo}` : withToken(`${hub.url}/${repo}`, token);

describe("clone and push", () => {
  it.each([
    ["model", ""],
    ["dataset", "datasets/"],
    ["space", "spaces/"],
    ["kernel", "kernels/"],
  ])("of a %s work at both spellings of its address", async (type, prefix) => {
    const name = `kind-${type}`;
    await hub.repo(`ada/${name}`, { type, token: ada });
    await git.ok(["clone", urlOf(`${prefix}ada/${name}`), name]);
    git.write({ [`${name}/hello.txt`]: "hello\n", [`${name}/deep/er/ä b#%+.txt`]: "deep\n" });
    await git.ok(["add", "."], { cwd: name });
    await git.ok(["commit", "-m", "Say hello"], { cwd: name });
    await git.ok(["push", urlOf(`${prefix}ada/${name}.git`, ada), "main"], { cwd: name });
    await git.ok(["clone", urlOf(`${prefix}ada/${name}.git`), `${name}-again`]);
    expect(readFileSync(path.join(git.home, `${name}-again/deep/er/ä b#%+.txt`), "utf8")).toBe("deep\n");
    const read = await hub.call("GET", `/${prefix}ada/${name}/resolve/main/hello.txt`);
    expect(read.text).toBe("hello\n");
    const head = await git.ok(["rev-parse", "HEAD"], { cwd: name });
    expect(read.headers.get("x-repo-commit")).toBe(head);
  });

  it("work with several megabytes, which git sends chunked after a probe", async () => {
    await hub.repo("ada/big", { token: ada });
    await git.ok(["clone", urlOf("ada/big", ada), "big"]);
    for (let index = 0; index < 4; index++) git.write({ [`big/part-${index}.dat`]: randomBytes(900_000) });
    await git.ok(["add", "."], { cwd: "big" });
    await git.ok(["commit", "-m", "Parts"], { cwd: "big" });
    await git.ok(["push"], { cwd: "big" });
    await git.ok(["clone", urlOf("ada/big"), "big-again"]);
    await git.ok(["fsck", "--strict"], { cwd: "big-again" });
    expect(readFileSync(path.join(git.home, "big-again/part-3.dat"))).toEqual(
      readFileSync(path.join(git.home, "big/part-3.dat")),
    );
  });
});

describe("credentials", () => {
  /** A helper that gives the same answer to every question, and notes what git asks and tells it. */
  const helper = (token: string): readonly string[] => [
    "-c",
    `credential.helper=!f() { cat >> "${git.home}/asked"; echo username=whoever; echo password=${token}; }; f`,
  ];

  it("are asked of the helper for a private repo and for every push, and any user name will do", async () => {
    await hub.repo("ada/private", { private: true, token: ada });
    await git.ok([...helper(ada), "clone", urlOf("ada/private"), "private"]);
    git.write({ "private/a.txt": "a\n" });
    await git.ok(["add", "."], { cwd: "private" });
    await git.ok(["commit", "-m", "a"], { cwd: "private" });
    await git.ok([...helper(ada), "push"], { cwd: "private" });
    const asked = readFileSync(path.join(git.home, "asked"), "utf8");
    expect(asked).toContain(`host=${new URL(hub.url).host}`);
  });

  it("may come as a bearer header", async () => {
    const bearer = ["-c", `http.extraHeader=Authorization: Bearer ${ada}`];
    await git.ok([...bearer, "clone", urlOf("ada/private"), "private-bearer"]);
  });

  it("that are wrong are refused as such, and a refused clone does not tell a hidden repo from a missing one", async () => {
    const wrong = await git.run(["clone", urlOf("ada/private", `hf_${"x".repeat(34)}`), "never"]);
    expect(wrong.stderr).toContain("Authentication failed");
    expect(wrong.stderr).toContain("remote: Invalid credentials in Authorization header");
    for (const token of [undefined, eve]) {
      const hidden = await git.run(["clone", urlOf("ada/private", token), "never"]);
      const missing = await git.run(["clone", urlOf("ada/missing", token), "never"]);
      expect(hidden.code).not.toBe(0);
      expect(hidden.stderr.replaceAll("private", "NAME")).toBe(missing.stderr.replaceAll("missing", "NAME"));
    }
  });

  it("of a reader clone but do not push, and git shows the reason", async () => {
    await hub.repo("ada/public", { token: ada });
    await git.ok(["clone", urlOf("ada/public", eve), "public-eve"]);
    const refused = await git.run(["push", "origin", "main:refs/heads/mine"], { cwd: "public-eve" });
    expect(refused.stderr).toContain("remote: You need the write role in ada.");
    expect(refused.code).not.toBe(0);
  });

  it("stop working when the token is revoked, its owner locked, only publishers write, or writes are switched off", async () => {
    await hub.repo("ada/closing", { token: ada });
    await git.ok(["clone", urlOf("ada/closing", ada), "closing"]);
    const push = async (url: string) => (await git.run(["push", url, "main:refs/heads/x"], { cwd: "closing" })).stderr;
    const admin = { token: hub.adminToken };

    const settings = (trustedPublishingOnly: boolean) =>
      hub.call("PUT", "/api/models/ada/closing/settings", { ...admin, body: { trustedPublishingOnly } });
    await settings(true);
    expect(await push(urlOf("ada/closing", ada))).toContain("remote: Only trusted publishers write to this repo");
    await settings(false);

    await hub.call("PATCH", "/api/postern/v1/switches/writes", { ...admin, body: { on: false, reason: "moving" } });
    expect(await push(urlOf("ada/closing", ada))).toContain("remote: This hub is in read-only mode");
    await git.ok(["fetch"], { cwd: "closing" });
    await hub.call("PATCH", "/api/postern/v1/switches/writes", { ...admin, body: { on: true } });

    const mallory = await hub.user("mallory");
    await hub.repo("mallory/own", { token: mallory });
    await hub.call("PATCH", "/api/postern/v1/users/mallory", { ...admin, body: { locked: true } });
    expect(await push(urlOf("mallory/own", mallory))).toContain("Authentication failed");

    const made = await hub.call("POST", "/api/postern/v1/tokens", { ...admin, body: { user: "ada", role: "write" } });
    await hub.call("POST", "/oauth/revoke", { body: new URLSearchParams({ token: made.json.token }) });
    expect(await push(urlOf("ada/closing", made.json.token))).toContain("Authentication failed");
  });
});

describe("fetches", () => {
  beforeAll(async () => {
    await hub.repo("ada/history", { token: ada });
    await git.ok(["clone", urlOf("ada/history", ada), "history"]);
    for (let index = 1; index <= 5; index++) {
      git.write({ [`history/f${index}.txt`]: `${index}\n`.repeat(3000) });
      await git.ok(["add", "."], { cwd: "history" });
      await git.ok(["commit", "-m", `commit ${index}`], { cwd: "history" });
    }
    await git.ok(["push", "origin", "main"], { cwd: "history" });
  });

  it.each(["0", "1", "2"])("speak protocol version %s", async (version) => {
    const cwd = `version-${version}`;
    const protocol = ["-c", `protocol.version=${version}`];
    await git.ok([...protocol, "clone", urlOf("ada/history"), cwd], {
      env: { GIT_TRACE_PACKET: `${git.home}/${cwd}.log` },
    });
    const trace = readFileSync(path.join(git.home, `${cwd}.log`), "utf8");
    expect(trace.includes("command=ls-refs")).toBe(version === "2");
    expect((await git.ok(["log", "--oneline"], { cwd })).split("\n")).toHaveLength(6);
  });

  it("may be shallow, deepened and made whole", async () => {
    await git.ok(["clone", "--depth=1", urlOf("ada/history"), "shallow"]);
    expect(await git.ok(["rev-list", "--count", "HEAD"], { cwd: "shallow" })).toBe("1");
    await git.ok(["fetch", "--depth=3"], { cwd: "shallow" });
    expect(await git.ok(["rev-list", "--count", "HEAD"], { cwd: "shallow" })).toBe("3");
    await git.ok(["fetch", "--unshallow"], { cwd: "shallow" });
    expect(await git.ok(["rev-list", "--count", "HEAD"], { cwd: "shallow" })).toBe("6");
  });

  it("may be partial: missing blobs and trees come when they are needed", async () => {
    await git.ok(["clone", "--filter=blob:none", "--no-checkout", urlOf("ada/history"), "partial"]);
    const missing = await git.ok(["rev-list", "--objects", "--missing=print", "HEAD"], { cwd: "partial" });
    expect(missing).toMatch(/^\?/m);
    await git.ok(["checkout", "main"], { cwd: "partial" });
    expect(readFileSync(path.join(git.home, "partial/f5.txt"), "utf8")).toBe("5\n".repeat(3000));
    await git.ok(["clone", "--filter=tree:0", urlOf("ada/history"), "treeless"]);
    await git.ok(["log", "--stat"], { cwd: "treeless" });
  });

  it("from a shallow clone may be pushed back", async () => {
    await git.ok(["clone", "--depth=1", urlOf("ada/history", ada), "shallow-push"]);
    git.write({ "shallow-push/new.txt": "new\n" });
    await git.ok(["add", "."], { cwd: "shallow-push" });
    await git.ok(["commit", "-m", "on top"], { cwd: "shallow-push" });
    await git.ok(["push", "origin", "HEAD:refs/heads/from-shallow"], { cwd: "shallow-push" });
  });

  it.each(["0", "2"])("get by id what a ref leads to and nothing else (version %s)", async (version) => {
    const cwd = "history";
    const at = (revision: string) => git.ok(["rev-parse", revision], { cwd });
    git.write({ "history/secret.txt": `secret ${version}\n` });
    await git.ok(["add", "."], { cwd });
    await git.ok(["commit", "-m", "with a secret"], { cwd });
    await git.ok(["push", "origin", "+HEAD:refs/heads/leak"], { cwd });
    const [commit, blob] = [await at("HEAD"), await at("HEAD:secret.txt")];
    await git.ok(["reset", "--hard", "HEAD~1"], { cwd });
    const fetchById = async (oid: string) => {
      const repo = `by-id-${version}-${oid.slice(0, 8)}-${randomBytes(2).toString("hex")}`;
      await git.ok(["init", repo]);
      return git.run(["-c", `protocol.version=${version}`, "fetch", urlOf("ada/history"), oid], { cwd: repo });
    };
    expect((await fetchById(commit)).code).toBe(0);
    if (version === "2") expect((await fetchById(blob)).code).toBe(0);
    if (version === "2") expect((await fetchById(await at("HEAD~2"))).code).toBe(0);
    await git.ok(["push", "origin", ":refs/heads/leak"], { cwd });
    for (const oid of [commit, blob]) {
      const refused = await fetchById(oid);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(/not our ref|does not allow request for unadvertised object/);
    }
  });
});

describe("pushes", () => {
  it("of branches, tags, forced branches and deletions are carried out and recorded with their old and new values", async () => {
    await hub.repo("ada/refs", { token: ada });
    const cwd = "refs";
    await git.ok(["clone", urlOf("ada/refs", ada), cwd]);
    const first = await git.ok(["rev-parse", "HEAD"], { cwd });
    git.write({ "refs/a.txt": "a\n" });
    await git.ok(["add", "."], { cwd });
    await git.ok(["commit", "-m", "a"], { cwd });
    await git.ok(["tag", "-a", "v1", "-m", "Version 1"], { cwd });
    await git.ok(["push", "origin", "main", "main:feature/x", "v1"], { cwd });
    const second = await git.ok(["rev-parse", "HEAD"], { cwd });
    const tag = await git.ok(["rev-parse", "v1"], { cwd });
    await git.ok(["commit", "--amend", "-m", "A"], { cwd });
    const third = await git.ok(["rev-parse", "HEAD"], { cwd });
    expect((await git.run(["push"], { cwd })).stderr).toContain("non-fast-forward");
    await git.ok(["push", "--force-with-lease"], { cwd });
    await git.ok(["push", "origin", ":feature/x"], { cwd });
    const remote = await git.ok(["ls-remote", "origin"], { cwd });
    expect(remote).toContain(`${third}\trefs/heads/main`);
    expect(remote).toContain(`${tag}\trefs/tags/v1`);
    expect(remote).not.toContain("feature/x");
    const pushes = (await auditOf("models/ada/refs")).filter(({ event }) => event === "repo.push");
    expect(pushes.map(({ outcome, detail }) => [outcome, detail.refs])).toEqual([
      ["allowed", [`refs/heads/main ${first} ${second}`, `refs/heads/feature/x - ${second}`, `refs/tags/v1 - ${tag}`]],
      ["allowed", [`refs/heads/main ${second} ${third}`]],
      ["allowed", [`refs/heads/feature/x ${second} -`]],
    ]);
  });

  it("by a job with an exchanged token are recorded with the job", async () => {
    await hub.repo("ada/job", { token: ada });
    const issuer = hub.simulator.issuerUrl("github");
    await hub.publisher("models/ada/job", { provider: "github", issuer, claims: GITHUB_CLAIMS }, ada);
    const answer = await hub.exchange(await hub.simulator.issueToken("github", { audience: hub.url }), "ada/job");
    const token = answer.json.access_token;
    const cwd = "job";
    await git.ok(["clone", urlOf("ada/job", token), cwd]);
    git.write({ "job/model.txt": "weights\n" });
    await git.ok(["add", "."], { cwd });
    await git.ok(["commit", "-m", "Train"], { cwd });
    await git.ok(["push"], { cwd });
    const [entry] = (await auditOf("models/ada/job")).filter(({ event }) => event === "repo.push");
    expect(entry.actor.kind).toBe("workload");
    expect(entry.actor.name).toContain(issuer);
    expect(entry.detail).toMatchObject({ provider: "github" });
    expect(entry.detail.run_url).toMatch(/actions\/runs/);
    const elsewhere = await git.run(["push", urlOf("ada/refs", token), "main:refs/heads/x"], { cwd });
    expect(elsewhere.stderr).toContain("remote: This token is good for another repo only.");
  });

  it("that cannot be recorded do not happen, and git shows the reason", async () => {
    await hub.repo("ada/unrecorded", { token: ada });
    await git.ok(["clone", urlOf("ada/unrecorded", ada), "unrecorded"]);
    const database = new Database(path.join(hub.dataDir, "postern.db"));
    database.exec("create trigger broken before insert on audit_log begin select json('{'); end");
    const refused = await git.run(["push", "origin", "main:refs/heads/unseen"], { cwd: "unrecorded" });
    database.exec("drop trigger broken");
    database.close();
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/^remote: .*\(audit_unavailable\)/m);
    expect(await git.ok(["ls-remote", "origin"], { cwd: "unrecorded" })).not.toContain("unseen");
    await git.ok(["push", "origin", "main:refs/heads/unseen"], { cwd: "unrecorded" });
  });

  it("and commits through the API follow each other on one branch, none lost", async () => {
    await hub.repo("ada/mixed", { token: ada });
    const pusher = async (name: string): Promise<void> => {
      await git.ok(["clone", urlOf("ada/mixed", ada), name]);
      for (let round = 0; round < 3; round++) {
        git.write({ [`${name}/${name}-${round}.txt`]: `${name} ${round}\n` });
        await git.ok(["add", "."], { cwd: name });
        await git.ok(["commit", "-m", `${name} ${round}`], { cwd: name });
        while ((await git.run(["push"], { cwd: name })).code !== 0) await git.ok(["pull", "--rebase"], { cwd: name });
      }
    };
    const committer = async (name: string): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const lines = [
          { key: "header", value: { summary: `${name} ${round}` } },
          { key: "file", value: { path: `${name}-${round}.txt`, content: "YQ==", encoding: "base64" } },
        ];
        const answer = await hub.call("POST", "/api/models/ada/mixed/commit/main", {
          token: ada,
          body: lines.map((line) => JSON.stringify(line)).join("\n"),
          headers: { "content-type": "application/x-ndjson" },
        });
        expect(answer.status, answer.text).toBe(200);
      }
    };
    await Promise.all([pusher("git-a"), pusher("git-b"), committer("api-a"), committer("api-b")]);
    await git.ok(["clone", urlOf("ada/mixed"), "mixed"]);
    const titles = (await git.ok(["log", "--format=%s"], { cwd: "mixed" })).split("\n").sort();
    const wanted = [
      "initial commit",
      ...["git-a", "git-b"].flatMap((name) => [0, 1, 2].map((round) => `${name} ${round}`)),
      ...["api-a", "api-b"].flatMap((name) => [0, 1, 2, 3, 4, 5].map((round) => `${name} ${round}`)),
    ];
    expect(titles).toEqual(wanted.sort());
    await git.ok(["fsck", "--strict"], { cwd: "mixed" });
  }, 60_000);
});

/** What the log says of one repo, oldest first. */
// biome-ignore lint/suspicious/noExplicitAny: tests read what they assert
async function auditOf(resource: string): Promise<any[]> {
  const { text } = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter((entry) => entry.resource === resource);
}
