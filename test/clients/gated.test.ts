import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { downloadFile, fileDownloadInfo, listFiles, modelInfo } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareEnvironment, posternCommand, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

const REPO = "acme/gated";
const API = `/api/models/${REPO}`;
const FILE = `/${REPO}/resolve/main/config.json`;
const WEIGHTS = Buffer.from("some large weights");
const OID = createHash("sha256").update(WEIGHTS).digest("hex");

let hub: RunningHub;
let ada: string;
const tokens: Record<"eve" | "bob" | "mia" | "rob", string> = { eve: "", bob: "", mia: "", rob: "" };

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  tokens.eve = await hub.user("eve");
  tokens.bob = await hub.user("bob");
  tokens.mia = await hub.user("mia");
  tokens.rob = await hub.user("rob", "read");
  await hub.call("POST", "/api/postern/v1/orgs", { token: hub.adminToken, body: { name: "acme" } });
  const member = (user: string, role: string) =>
    hub.call("PUT", `/api/postern/v1/orgs/acme/members/${user}`, { token: hub.adminToken, body: { role } });
  expect((await member("ada", "admin")).status).toBeLessThan(300);
  expect((await member("mia", "read")).status).toBeLessThan(300);
  await hub.repo(REPO, { token: ada });
  const batch = await lfs("upload", ada);
  expect((await fetch(batch.json.objects[0].actions.upload.href, { method: "PUT", body: WEIGHTS })).status).toBe(200);
  const lines = [
    { key: "header", value: { summary: "files" } },
    { key: "file", value: { path: "config.json", content: "{}", encoding: "utf-8" } },
    { key: "file", value: { path: "README.md", content: "# Terms\n", encoding: "utf-8" } },
    { key: "lfsFile", value: { path: "model.bin", algo: "sha256", oid: OID, size: WEIGHTS.length } },
  ];
  const body = lines.map((line) => JSON.stringify(line)).join("\n");
  expect((await hub.call("POST", `${API}/commit/main`, { token: ada, body })).status).toBe(200);
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

function lfs(operation: string, token: string | undefined, repo = REPO) {
  return hub.call("POST", `/${repo}.git/info/lfs/objects/batch`, {
    token,
    body: { operation, transfers: ["basic"], objects: [{ oid: OID, size: WEIGHTS.length }] },
  });
}

const gate = (gated: "auto" | "manual" | false) => hub.call("PUT", `${API}/settings`, { token: ada, body: { gated } });
const ask = (token: string | undefined, body?: unknown) =>
  hub.call("POST", `${API}/user-access-request`, { token, ...(body === undefined ? {} : { body }) });
const handle = (user: string, status: string, extra = {}, token = ada) =>
  hub.call("POST", `${API}/user-access-request/handle`, { token, body: { user, status, ...extra } });
const list = (status: string, token = ada) => hub.call("GET", `${API}/user-access-request/${status}`, { token });

describe("a gated repo", () => {
  it("says so to everybody, and lists its files", async () => {
    expect((await gate("manual")).json.gated).toBe("manual");
    const info = await hub.call("GET", API);
    expect([info.status, info.json.gated]).toEqual([200, "manual"]);
    expect((await hub.call("GET", "/api/models")).json[0].gated).toBe("manual");
    expect((await hub.call("GET", `${API}/tree/main`)).json).toHaveLength(4);
    const client = { hubUrl: hub.url };
    expect((await modelInfo({ ...client, name: REPO })).gated).toBe("manual");
    const paths: string[] = [];
    for await (const { path } of listFiles({ ...client, repo: REPO })) paths.push(path);
    expect(paths).toContain("model.bin");
  });

  it.each([
    ["nobody", undefined, 401, "Please log in."],
    ["a stranger", "eve", 403, "ask for access."],
    ["a reader's token of a stranger", "rob", 403, "ask for access."],
  ] as const)("refuses its files to %s, everywhere", async (_who, name, status, words) => {
    const token = name === undefined ? undefined : tokens[name];
    for (const [method, path] of [
      ["GET", FILE],
      ["HEAD", FILE],
      ["GET", `/${REPO}/raw/main/config.json`],
      ["GET", `/${REPO}/raw/main/README.md`],
      ["GET", `/${REPO}/resolve/nope/absent`],
      ["GET", `/${REPO}.git/info/refs?service=git-upload-pack`],
      ["POST", `/${REPO}/git-upload-pack`],
      ["POST", `${API}/duplicate`],
      ["GET", `${API}/auth-check`],
      ["GET", `${API}/xet-read-token/main`],
    ] as const) {
      const answer = await hub.call(method, path, { token });
      expect([answer.status, answer.headers.get("x-error-code")], `${method} ${path}`).toEqual([status, "GatedRepo"]);
      expect(answer.headers.get("x-error-message")).toContain(words);
    }
    const batch = await lfs("download", token);
    expect([batch.status, batch.headers.get("x-error-code")]).toEqual([status, "GatedRepo"]);
    expect((await hub.call("GET", `/${REPO}/resolve/main/README.md`, { token })).text).toBe("# Terms\n");
    const client = {
      hubUrl: hub.url,
      repo: REPO,
      path: "config.json",
      ...(token === undefined ? {} : { accessToken: token }),
    };
    await expect(fileDownloadInfo(client)).rejects.toMatchObject({ statusCode: status });
  });

  it("opens to its members and to its own jobs without asking", async () => {
    const issuer = hub.simulator.issuerUrl("github");
    const publisher = { provider: "github", issuer, claims: GITHUB_CLAIMS };
    expect((await hub.publisher(`models/${REPO}`, publisher, ada)).status).toBe(201);
    const subject = await hub.simulator.issueToken("github", { audience: hub.url });
    const job = (await hub.exchange(subject, REPO)).json.access_token;
    for (const token of [ada, tokens.mia, hub.adminToken, job]) {
      expect((await hub.call("GET", FILE, { token })).text).toBe("{}");
      expect((await lfs("download", token)).json.objects[0].actions.download.href).toBeTruthy();
    }
    // A workflow must not let readers in.
    const answer = await hub.call("POST", `${API}/user-access-request/grant`, { token: job, body: { user: "bob" } });
    expect(answer.status).toBe(403);
  });
});

describe("a request by hand", () => {
  it("waits, is accepted, and ends at once when it is taken back", async () => {
    expect((await ask(undefined)).status).toBe(401);
    expect((await ask(tokens.rob)).status).toBe(403);
    const asked = await ask(tokens.eve, { affiliation: "ACME", agree: true });
    expect([asked.status, asked.json.status]).toEqual([200, "pending"]);
    expect((await ask(tokens.eve)).json.status).toBe("pending");
    expect((await hub.call("GET", FILE, { token: tokens.eve })).headers.get("x-error-message")).toBe(
      `Your request to access model ${REPO} is awaiting a review from the repo authors.`,
    );
    const [pending] = (await list("pending")).json;
    expect(pending).toMatchObject({
      user: { user: "eve", fullname: "eve" },
      status: "pending",
      fields: { affiliation: "ACME", agree: "true" },
    });
    expect(new Date(pending.timestamp).toISOString().slice(0, 10)).toBe(pending.timestamp.slice(0, 10));

    expect((await handle("eve", "accepted")).status).toBe(200);
    expect((await handle("eve", "accepted")).status).toBe(404);
    expect((await hub.call("GET", FILE, { token: tokens.eve })).text).toBe("{}");
    const url = (await lfs("download", tokens.eve)).json.objects[0].actions.download.href;
    expect((await fetch(url)).status).toBe(200);
    const file = await downloadFile({ hubUrl: hub.url, accessToken: tokens.eve, repo: REPO, path: "model.bin" });
    expect(await file?.text()).toBe(WEIGHTS.toString());

    const reason = "x".repeat(200);
    expect((await handle("eve", "rejected", { rejectionReason: `${reason}y` })).status).toBe(400);
    expect((await handle("eve", "rejected", { rejectionReason: reason })).status).toBe(200);
    const refused = await hub.call("HEAD", FILE, { token: tokens.eve });
    expect([refused.status, refused.headers.get("x-error-message")]).toEqual([
      403,
      `Your request to access model ${REPO} has been rejected by the repo's authors.`,
    ]);
    expect((await fetch(url)).status).toBe(403);
    // A rejection stands; what the authors think stays with them.
    expect((await ask(tokens.eve)).json.status).toBe("rejected");
    expect((await list("rejected")).json[0].rejectionReason).toBe(reason);
    expect((await handle("eve", "reset")).status).toBe(200);
    expect((await ask(tokens.eve)).json.status).toBe("pending");
    expect((await hub.call("POST", `${API}/user-access-request/cancel`, { token: tokens.eve })).status).toBe(200);
    expect((await hub.call("POST", `${API}/user-access-request/cancel`, { token: tokens.eve })).status).toBe(404);
  });

  it("is nobody's to see or decide but the authors'", async () => {
    await ask(tokens.eve);
    for (const token of [tokens.eve, tokens.mia, tokens.rob]) {
      expect((await list("pending", token)).status).toBe(403);
      expect((await handle("eve", "accepted", {}, token)).status).toBe(403);
      expect((await hub.call("GET", `/${REPO}/user-access-report`, { token })).status).toBe(403);
    }
    expect((await hub.call("GET", `/${REPO}/user-access-report`)).status).toBe(401);
  });

  it("is not needed where the authors let somebody in", async () => {
    const grant = (user: string) =>
      hub.call("POST", `${API}/user-access-request/grant`, { token: ada, body: { user } });
    expect((await grant("nobody-here")).status).toBe(404);
    const granted = await grant("BOB");
    expect([granted.status, granted.json.user.user, granted.json.grantedBy.user]).toEqual([200, "bob", "ada"]);
    expect((await grant("bob")).status).toBe(400);
    expect((await hub.call("GET", FILE, { token: tokens.bob })).status).toBe(200);
  });

  it("is listed in pages and exported", async () => {
    const first = await hub.call("GET", `${API}/user-access-request/accepted?limit=1`, { token: ada });
    expect(first.headers.get("link")).toBeNull();
    await ask(tokens.eve);
    await handle("eve", "accepted");
    const page = await hub.call("GET", `${API}/user-access-request/accepted?limit=1`, { token: ada });
    const next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
    const rest = await (await fetch(next, { headers: { authorization: `Bearer ${ada}` } })).json();
    expect([page.json[0].user.user, rest[0].user.user].sort()).toEqual(["bob", "eve"]);
    const report = await hub.call("GET", `/${REPO}/user-access-report`, { token: ada });
    expect(report.headers.get("content-disposition")).toContain("user-access-report-acme-gated.json");
    expect(report.json.map(Object.keys)[0]).toEqual(
      expect.arrayContaining(["user", "fullname", "status", "email", "time", "reviewedAt"]),
    );
    const csv = await hub.call("GET", `/${REPO}/user-access-report?format=csv`, { token: ada });
    expect(csv.text.split("\r\n")[0]).toContain('"user","fullname","status","email","time","reviewedAt"');
  });
});

describe("a gate that opens by itself", () => {
  it("lets a person in as soon as they ask, their job with them, and nobody else", async () => {
    await gate("auto");
    expect((await hub.call("GET", FILE, { token: tokens.rob })).status).toBe(403);
    const dan = await hub.user("dan");
    const issuer = hub.simulator.issuerUrl("github");
    const publisher = { provider: "github", issuer, claims: GITHUB_CLAIMS, access: "read" };
    expect((await hub.publisher("users/dan", publisher, dan)).status).toBe(201);
    const subject = await hub.simulator.issueToken("github", { audience: hub.url });
    const job = (await hub.exchange(subject, "dan")).json.access_token;
    expect((await hub.call("GET", FILE, { token: job })).status).toBe(403);
    expect((await ask(job)).status).toBe(403);
    const form = await hub.call("POST", `/${REPO}/ask-access`, {
      token: dan,
      body: new URLSearchParams({ agree: "yes" }),
    });
    expect([form.status, form.headers.get("location")]).toEqual([303, `/${REPO}/ask-access`]);
    expect((await hub.call("GET", FILE, { token: dan })).status).toBe(200);
    expect((await hub.call("GET", FILE, { token: job })).status).toBe(200);
    expect((await handle("dan", "pending")).status).toBe(200);
    expect((await hub.call("GET", FILE, { token: job })).status).toBe(403);
  });

  it("ends the signed URLs from before it, and opens to everybody when it is taken away", async () => {
    await gate(false);
    const url = (await lfs("download", undefined)).json.objects[0].actions.download.href;
    expect((await fetch(url)).status).toBe(200);
    expect((await handle("dan", "accepted")).status).toBe(400);
    await gate("manual");
    expect((await fetch(url)).status).toBe(403);
    await gate(false);
    expect((await hub.call("GET", FILE)).text).toBe("{}");
  });
});

it("is asked for by the command line, with answers, and shows what became of it", async () => {
  await gate("manual");
  const cli = await hub.user("cli");
  const [program, script] = posternCommand;
  const run = (...extra: string[]) =>
    runCommand(program, [script, "repo", "request-access", REPO, ...extra], {
      cwd: tmpdir(),
      env: { ...bareEnvironment(tmpdir()), HF_ENDPOINT: hub.url, HF_TOKEN: cli },
    });
  const asked = await run("--answer", "affiliation=ACME = University", "use=research", "--json");
  expect([asked.code, JSON.parse(asked.stdout).status], asked.stderr).toEqual([0, "pending"]);
  const mine = (await list("pending")).json.find(({ user }: { user: { user: string } }) => user.user === "cli");
  expect(mine.fields).toEqual({ affiliation: "ACME = University", use: "research" });
  await handle("cli", "rejected");
  const refused = await run();
  expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining("has been rejected")]);
  expect((await run("--answer", "nothing")).code).toBe(2);
});

it("shows a page that says how to ask, and nothing of a hidden repo", async () => {
  await gate("manual");
  const page = await hub.call("GET", `/${REPO}/ask-access`);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(page.text).toContain(`postern repo request-access ${REPO}`);
  await hub.repo("acme/hidden", { private: true, token: ada });
  expect((await hub.call("GET", "/acme/hidden/ask-access", { token: tokens.eve })).status).toBe(404);
});
