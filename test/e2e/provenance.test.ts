import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realGit, withToken } from "../clients/real-git.ts";
import { posternCommand, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const folder = temporaryFolder("provenance");
const git = realGit(folder.path);
let hub: RunningHub;
let acme: string;
let commit: string;
const at = (...parts: readonly string[]): string => path.join(folder.path, ...parts);

/** Runs our command without any login and without a server unless one is named. */
async function postern(words: readonly string[], endpoint = "http://127.0.0.1:9") {
  const [node, bin] = posternCommand;
  return await runCommand(node, [bin, ...words], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, HOME: folder.path, HF_HOME: at("hf"), HF_ENDPOINT: endpoint, NO_COLOR: "1" },
  });
}

/** Runs our command inside a simulated GitHub Actions job. */
async function inJob(words: readonly string[], repo: string) {
  await using environment = await hub.simulator.jobEnvironment("github", {
    parentEnv: process.env,
    audiences: [hub.url],
    env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: repo, NO_COLOR: "1" },
  });
  const [node, bin] = posternCommand;
  return await runCommand(node, [bin, ...words], { cwd: folder.path, env: { ...environment.variables } });
}

beforeAll(async () => {
  hub = await startHub();
  acme = await hub.user("acme");
  await hub.repo("acme/train", { token: acme });
  const added = await hub.publisher("models/acme/train", {
    provider: "github",
    issuer: hub.simulator.issuerUrl("github"),
    claims: GITHUB_CLAIMS,
  });
  expect(added.status, added.text).toBe(201);
  mkdirSync(at("source", "deep", "er"), { recursive: true });
  writeFileSync(at("source", "config.json"), '{"hidden_size": 8}\n');
  writeFileSync(at("source", "deep", "er", "ünïcode & spaces.txt"), "deep\n");
  writeFileSync(at("source", "model.safetensors"), Buffer.alloc(300_000, 7));
  const upload = await inJob(["upload", "acme/train", "source"], "acme/train");
  expect(upload.code, upload.stderr).toBe(0);
  const download = await postern(["download", "acme/train", "--local-dir", "files"], hub.url);
  expect(download.code, download.stderr).toBe(0);
  commit = (await hub.call("GET", "/api/models/acme/train")).json.sha;
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** As the simulated job carries it. */
const SUBJECT = "repo:acme@123456/train@456789:ref:refs/heads/main";
const MADE_BY = {
  kind: "workload",
  provider: "github",
  subject: SUBJECT,
  repository: "acme/train",
  repository_id: "456789",
  source_ref: "refs/heads/main",
  through: "api",
  ref: "refs/heads/main",
};

describe("who made a commit", () => {
  it("is answered for a job's commit, by its id and by a branch", async () => {
    for (const revision of [commit, "main"]) {
      const { status, json } = await hub.call("GET", `/api/postern/v1/models/acme/train/provenance/${revision}`);
      expect(status).toBe(200);
      expect(json.commit).toBe(commit);
      expect(json.provenance).toMatchObject(MADE_BY);
      expect(json.provenance.run_url).toMatch(/^https:\/\/.+\/acme\/train\/actions\/runs\/\d+$/);
      expect(json.provenance.workflow).toContain("publish.yml");
      expect(json.provenance.sha).toMatch(/^[0-9a-f]{40}$/);
    }
  });

  it("stands beside each commit in the history, and for the first one names the user", async () => {
    const { json } = await hub.call("GET", "/api/models/acme/train/commits/main");
    expect(json[0].provenance).toMatchObject(MADE_BY);
    expect(json.at(-1).provenance).toMatchObject({ kind: "user", user: "acme" });
  });

  it("points to the audit entry of the exchange by the token's id", async () => {
    const { json } = await hub.call("GET", `/api/postern/v1/models/acme/train/provenance/main`);
    const exported = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
    const grants = exported.text.split("\n").filter((line) => line.includes('"token.exchange"'));
    expect(grants.some((line) => line.includes(json.provenance.token_id))).toBe(true);
  });

  it("stays hidden where the repo is", async () => {
    await hub.repo("acme/secret", { token: acme, private: true });
    for (const verb of ["provenance", "provenance-bundle"]) {
      const hidden = await hub.call("GET", `/api/postern/v1/models/acme/secret/${verb}/main`);
      const missing = await hub.call("GET", `/api/postern/v1/models/acme/nothing/${verb}/main`);
      expect(hidden.status).toBe(401);
      expect(missing.status).toBe(401);
    }
  });
});

describe("postern verify", () => {
  it("says who published what lies in a folder", async () => {
    const seen = await postern(["verify", "acme/train@main", "--dir", "files", "--save", "kept.provenance"], hub.url);
    expect(seen.code, seen.stderr).toBe(0);
    expect(seen.stdout).toContain(`verified  ${commit}`);
    expect(seen.stdout).toContain(`a job of github: ${SUBJECT}`);
    expect(seen.stdout).toContain("acme/train (id 456789)");
  });

  it("checks what was kept without a network, against keys kept earlier", async () => {
    writeFileSync(at("keys.json"), (await hub.call("GET", "/oauth/jwks")).text);
    const words = ["verify", "--bundle", "kept.provenance", "--dir", "files", "--keys", "keys.json", "--json"];
    const seen = await postern(words);
    expect(seen.code, seen.stderr).toBe(0);
    expect(JSON.parse(seen.stdout)).toMatchObject({ verdict: "verified", commit, key_pinned: true });
  });

  it.each([
    ["a changed file", (dir: string) => writeFileSync(path.join(dir, "config.json"), "{}\n"), "differs: config.json"],
    [
      "one flipped bit in a large file",
      (dir: string) => writeFileSync(path.join(dir, "model.safetensors"), Buffer.alloc(300_000, 6)),
      "differs: model.safetensors",
    ],
    [
      "an added file",
      (dir: string) => writeFileSync(path.join(dir, "deep", "setup.py"), "import os\n"),
      "is not in the commit: deep/setup.py",
    ],
  ])("finds %s", async (what, change, detail) => {
    const dir = `copy of ${what}`;
    cpSync(at("files"), at(dir), { recursive: true });
    change(at(dir));
    const seen = await postern(["verify", "--bundle", "kept.provenance", "--dir", dir]);
    expect(seen.code).toBe(1);
    expect(seen.stderr).toContain("changed: ");
    expect(seen.stderr).toContain(detail);
  });

  const kept = (): readonly Record<string, unknown>[] =>
    readFileSync(at("kept.provenance"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  const otherKey = async () => {
    const { publicKey } = await generateKeyPair("ES256");
    return { ...(await exportJWK(publicKey)), kid: "other" };
  };

  it.each<[string, (lines: Record<string, unknown>[]) => Promise<void> | void, string]>([
    [
      "a statement whose words were changed",
      ([head]) => {
        const { envelope } = Object(head);
        const statement = Buffer.from(envelope.payload, "base64").toString();
        envelope.payload = Buffer.from(statement.replace("acme/train", "evil/train")).toString("base64");
      },
      "the signature does not fit",
    ],
    [
      "a statement by a key that is not the hub's",
      async ([head]) => {
        Object.assign(Object(head), { keys: [await otherKey()] });
      },
      "none of the trusted keys",
    ],
    [
      "a list of files that leaves one out",
      (lines) => {
        lines.splice(1, 1);
        Object.assign(Object(lines.at(-1)), { files: lines.length - 2 });
      },
      "the list of files is not the commit's",
    ],
    [
      "another commit under this commit's id",
      ([head]) => {
        const object = Buffer.from(String(head?.object), "base64").toString("latin1");
        Object.assign(Object(head), { object: Buffer.from(`${object} `, "latin1").toString("base64") });
      },
      "the commit is not the one that its id names",
    ],
  ])("refuses %s as forged", async (what, change, words) => {
    const lines = kept().map((line) => structuredClone(line));
    await change(lines);
    const file = `${what}.provenance`;
    writeFileSync(at(file), lines.map((line) => JSON.stringify(line)).join("\n"));
    const seen = await postern(["verify", "--bundle", file]);
    expect(seen.code).toBe(1);
    expect(seen.stderr).toContain(`forged: ${words}`);
  });

  it("refuses a genuine statement that is put under another commit", async () => {
    const first = await postern(["verify", "acme/train@main", "--save", "newer.provenance"], hub.url);
    expect(first.code, first.stderr).toBe(0);
    const [root] = (await hub.call("GET", "/api/models/acme/train/commits/main")).json.slice(-1);
    const older = await postern(["verify", `acme/train@${root.id}`, "--save", "older.provenance"], hub.url);
    expect(older.code, older.stderr).toBe(0);
    const [head, ...rest] = readFileSync(at("older.provenance"), "utf8").trim().split("\n");
    const { envelope } = JSON.parse(readFileSync(at("newer.provenance"), "utf8").split("\n")[0] ?? "");
    writeFileSync(
      at("mixed.provenance"),
      [JSON.stringify({ ...JSON.parse(head ?? ""), envelope }), ...rest].join("\n"),
    );
    const seen = await postern(["verify", "--bundle", "mixed.provenance"]);
    expect(seen.code).toBe(1);
    expect(seen.stderr).toContain("forged: the statement speaks of another commit");
  });

  it("tells a bundle that was cut off", async () => {
    writeFileSync(at("cut.provenance"), readFileSync(at("kept.provenance"), "utf8").split("\n").slice(0, 2).join("\n"));
    const seen = await postern(["verify", "--bundle", "cut.provenance"]);
    expect(seen.code).toBe(1);
    expect(seen.stderr).toContain("no whole provenance bundle");
  });
});

describe("a clone", () => {
  it("carries the statements in its notes, and is checked without the hub", async () => {
    await git.ok(["clone", `${hub.url}/acme/train`, "clone"]);
    const without = await postern(["verify", "--dir", "clone", "--keys", "keys.json"]);
    expect(without.code).toBe(1);
    expect(without.stderr).toContain("no-statement");
    await expect.poll(() => git.ok(["ls-remote", `${hub.url}/acme/train`, "refs/notes/provenance"])).not.toBe("");
    await expect
      .poll(
        async () => {
          await git.ok(["fetch", "origin", "+refs/notes/*:refs/notes/*"], { cwd: "clone" });
          return (await postern(["verify", "--dir", "clone", "--keys", "keys.json"])).code;
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(0);
  });

  it("whose commit no hub vouches for is told apart, also when its notes were forged", async () => {
    git.write({ "clone/config.json": '{"hidden_size": 9}\n' });
    await git.ok(["commit", "-am", "On my own"], { cwd: "clone" });
    const mine = await postern(["verify", "--dir", "clone", "--keys", "keys.json"]);
    expect(mine.stderr).toContain("no-statement");
    const note = await git.ok(["notes", "--ref=provenance", "show", commit], { cwd: "clone" });
    writeFileSync(at("note"), note);
    await git.ok(["notes", "--ref=provenance", "add", "-F", at("note"), "HEAD"], { cwd: "clone" });
    const forged = await postern(["verify", "--dir", "clone", "--keys", "keys.json"]);
    expect(forged.stderr).toContain("forged: the statement speaks of another commit");
  });

  it("cannot push to the notes", async () => {
    const refused = await git.run(
      ["push", withToken(`${hub.url}/acme/train`, acme), "+refs/notes/provenance:refs/notes/provenance"],
      { cwd: "clone" },
    );
    expect(refused.code).not.toBe(0);
  });
});

describe("a push", () => {
  it("has its commits stated, all of them, with who pushed", async () => {
    await git.ok(["clone", withToken(`${hub.url}/acme/train`, acme), "pushed"]);
    for (const word of ["one", "two"]) {
      git.write({ [`pushed/${word}.txt`]: `${word}\n` });
      await git.ok(["add", "."], { cwd: "pushed" });
      await git.ok(["commit", "-m", word], { cwd: "pushed" });
    }
    await git.ok(["push"], { cwd: "pushed" });
    const { json } = await hub.call("GET", "/api/models/acme/train/commits/main");
    const stated = json.slice(0, 2).map(({ provenance }: { provenance: Record<string, unknown> }) => provenance);
    expect(stated).toMatchObject([
      { kind: "user", user: "acme", through: "git-push" },
      { kind: "user", user: "acme", through: "git-push" },
    ]);
  });

  it("by a job names the job", async () => {
    await using environment = await hub.simulator.jobEnvironment("github", {
      parentEnv: process.env,
      audiences: [hub.url],
      env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: "acme/train", NO_COLOR: "1" },
    });
    const [node, bin] = posternCommand;
    const token = await runCommand(node, [bin, "auth", "token"], { env: { ...environment.variables } });
    expect(token.code, token.stderr).toBe(0);
    git.write({ "pushed/three.txt": "three\n" });
    await git.ok(["add", "."], { cwd: "pushed" });
    await git.ok(["commit", "-m", "three"], { cwd: "pushed" });
    await git.ok(["push", withToken(`${hub.url}/acme/train`, token.stdout.trim()), "main"], { cwd: "pushed" });
    const { json } = await hub.call("GET", "/api/postern/v1/models/acme/train/provenance/main");
    expect(json.provenance).toMatchObject({ ...MADE_BY, through: "git-push" });
  });
});

describe("a new provenance key", () => {
  it("signs what comes, and what the old one signed stays good", async () => {
    copyFileSync(at("kept.provenance"), at("before.provenance"));
    const rotated = await hub.call("POST", "/api/postern/v1/keys/provenance/rotate", { token: hub.adminToken });
    expect(rotated.status, rotated.text).toBe(201);
    const refused = await hub.call("POST", "/api/postern/v1/keys/provenance/rotate", { token: acme });
    expect(refused.status).toBe(403);
    writeFileSync(at("both.json"), (await hub.call("GET", "/oauth/jwks")).text);
    const old = await postern(["verify", "--bundle", "before.provenance", "--keys", "both.json"]);
    expect(old.code, old.stderr).toBe(0);
    await hub.call("POST", "/api/models/acme/train/branch/fresh", { token: acme, body: { emptyBranch: true } });
    const fresh = await postern(["verify", "acme/train@fresh", "--keys", "both.json", "--json"], hub.url);
    expect(fresh.code, fresh.stderr).toBe(0);
    expect(JSON.parse(fresh.stdout).key).toBe(rotated.json.kid);
    // Whoever kept only the old key learns that it does not know this one.
    const unknown = await postern(["verify", "acme/train@fresh", "--keys", "keys.json"], hub.url);
    expect(unknown.stderr).toContain("forged: none of the trusted keys");
  });
});
