import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

/** How a route is called for a repo `ns/name`. */
interface Probe {
  readonly method: string;
  readonly path: (repo: string) => string;
  readonly body?: (repo: string) => unknown;
  readonly ndjson?: boolean;
}

const SHA = "a".repeat(64);
const api = (tail: string) => (repo: string) => `/api/models/${repo}${tail}`;
const name = (repo: string) => ({ organization: repo.split("/")[0], name: repo.split("/")[1], type: "model" });

const READS: readonly Probe[] = [
  ...[
    "",
    "/refs",
    "/tree/main",
    "/tree/main/x?recursive=true&expand=true",
    "/revision/main",
    "/revision/refs%2Fpr%2F1",
    "/commits/main",
    "/auth-check",
    "/xet-read-token/main",
    "/user-access-request/pending",
    "/discussions",
    "/discussions/1?diff=1",
  ].map((tail): Probe => ({ method: "GET", path: api(tail) })),
  ...["provenance", "provenance-bundle"].map(
    (verb): Probe => ({ method: "GET", path: (repo) => `/api/postern/v1/models/${repo}/${verb}/main` }),
  ),
  { method: "POST", path: api("/paths-info/main"), body: () => ({ paths: ["README.md"] }) },
  ...["resolve/main/README.md", "raw/main/README.md", "resolve/nope/x", "ask-access", "user-access-report"].flatMap(
    (tail) => ["GET", "HEAD"].map((method): Probe => ({ method, path: (repo) => `/${repo}/${tail}` })),
  ),
  {
    method: "POST",
    path: (repo) => `/${repo}.git/info/lfs/objects/batch`,
    body: () => ({ operation: "download", objects: [{ oid: SHA, size: 1 }] }),
  },
  { method: "GET", path: (repo) => `/${repo}.git/info/lfs/locks` },
  { method: "GET", path: (repo) => `/${repo}/info/refs?service=git-upload-pack` },
  { method: "GET", path: (repo) => `/${repo}.git/info/refs?service=git-upload-pack` },
  { method: "POST", path: (repo) => `/${repo}.git/git-upload-pack`, body: () => "0000" },
];

const CHANGES: readonly Probe[] = [
  { method: "GET", path: api("/auth-check/write") },
  { method: "GET", path: api("/xet-write-token/main") },
  { method: "POST", path: api("/preupload/main"), body: () => ({ files: [{ path: "a", size: 1, sample: "" }] }) },
  { method: "POST", path: api("/commit/main"), body: () => '{"key":"header","value":{"summary":"x"}}', ndjson: true },
  { method: "POST", path: api("/branch/x"), body: () => ({}) },
  { method: "DELETE", path: api("/branch/x") },
  { method: "POST", path: api("/tag/main"), body: () => ({ tag: "v1" }) },
  { method: "DELETE", path: api("/tag/v1") },
  { method: "POST", path: api("/super-squash/main"), body: () => ({ message: "x" }) },
  { method: "POST", path: api("/duplicate"), body: (repo) => ({ repository: `${repo}-copy` }) },
  { method: "GET", path: api("/lfs-files") },
  { method: "POST", path: api("/lfs-files/batch"), body: () => ({ deletions: { sha: [SHA] } }) },
  { method: "PUT", path: api("/settings"), body: () => ({ private: true }) },
  { method: "POST", path: api("/user-access-request/handle"), body: () => ({ user: "eve", status: "accepted" }) },
  { method: "POST", path: api("/user-access-request/grant"), body: () => ({ user: "eve" }) },
  { method: "DELETE", path: () => "/api/repos/delete", body: name },
  { method: "POST", path: () => "/api/repos/create", body: name },
  {
    method: "POST",
    path: () => "/api/repos/move",
    body: (repo) => ({ fromRepo: repo, toRepo: `${repo}-moved`, type: "model" }),
  },
  {
    method: "POST",
    path: (repo) => `/${repo}.git/info/lfs/objects/batch`,
    body: () => ({ operation: "upload", objects: [{ oid: SHA, size: 1 }], ref: { name: "refs/heads/main" } }),
  },
  { method: "POST", path: api("/discussions/1/merge"), body: () => ({}) },
  { method: "POST", path: (repo) => `/${repo}.git/info/lfs/locks/verify`, body: () => ({}) },
  { method: "POST", path: (repo) => `/${repo}.git/info/lfs/locks`, body: () => ({ path: "a" }) },
  { method: "POST", path: (repo) => `/${repo}.git/info/lfs/locks/:id/unlock`, body: () => ({}) },
  { method: "GET", path: (repo) => `/${repo}.git/info/refs?service=git-receive-pack` },
  { method: "POST", path: (repo) => `/${repo}.git/git-receive-pack`, body: () => "0000" },
  ...(["GET", "POST"] as const).map(
    (method): Probe => ({
      method,
      path: (repo) => `/api/postern/v1/models/${repo}/publishers`,
      ...(method === "GET" ? {} : { body: () => ({ provider: "github", claims: GITHUB_CLAIMS }) }),
    }),
  ),
  { method: "PATCH", path: (repo) => `/api/postern/v1/models/${repo}/publishers/x`, body: () => ({ enabled: false }) },
  { method: "DELETE", path: (repo) => `/api/postern/v1/models/${repo}/publishers/x` },
  { method: "POST", path: (repo) => `/api/postern/v1/models/${repo}/publishers/x/revoke-tokens`, body: () => ({}) },
  {
    method: "POST",
    path: (repo) => `/api/postern/v1/models/${repo}/publishers/x/confirm`,
    body: () => ({ accept: true, to: {} }),
  },
];

/** Changes that whoever may read the repo may make. */
const READERS_CHANGES: readonly Probe[] = [
  { method: "POST", path: api("/user-access-request"), body: () => ({}) },
  { method: "POST", path: api("/user-access-request/cancel"), body: () => ({}) },
  { method: "POST", path: (repo) => `/${repo}/ask-access`, body: () => ({}) },
  {
    method: "POST",
    path: (repo) => `/${repo}.git/info/lfs/objects/batch`,
    body: () => ({ operation: "upload", objects: [{ oid: SHA, size: 1 }] }),
  },
  ...["commit/main?create_pr=1", "commit/refs%2Fpr%2F1"].map(
    (tail): Probe => ({
      method: "POST",
      path: api(`/${tail}`),
      body: () => '{"key":"header","value":{"summary":"x"}}',
      ndjson: true,
    }),
  ),
  { method: "POST", path: api("/preupload/main?create_pr=1"), body: () => ({ files: [] }) },
  { method: "POST", path: api("/discussions"), body: () => ({ title: "A title", description: "text" }) },
  {
    method: "POST",
    path: api("/discussions"),
    body: () => ({ title: "A title", description: "text", pullRequest: true }),
  },
  { method: "POST", path: api("/discussions/1/comment"), body: () => ({ comment: "text" }) },
  { method: "POST", path: api("/discussions/1/comment/x/edit"), body: () => ({ content: "text" }) },
  { method: "POST", path: api("/discussions/1/comment/x/hide"), body: () => ({}) },
  { method: "POST", path: api("/discussions/1/title"), body: () => ({ title: "Another" }) },
  { method: "POST", path: api("/discussions/1/status"), body: () => ({ status: "closed" }) },
];

let hub: RunningHub;
let ada: string;
const strangers: Record<string, string | undefined> = {};

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  await hub.repo("ada/secret", { private: true, token: ada });
  await hub.repo("ada/train", { token: ada });
  await publisher("models/ada/train");
  await publisher("users/ada");
  strangers.nobody = undefined;
  strangers["another user"] = await hub.user("eve");
  strangers["a reader's token"] = await hub.user("rob", "read");
  strangers["a job of another repo"] = await exchanged("ada/train");
  strangers["a job of the owner"] = await exchanged("ada");
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

async function publisher(target: string): Promise<void> {
  const issuer = hub.simulator.issuerUrl("github");
  const added = await hub.publisher(target, { provider: "github", issuer, claims: GITHUB_CLAIMS }, ada);
  expect(added.status, added.text).toBe(201);
}

async function exchanged(resource: string): Promise<string> {
  const answer = await hub.exchange(await hub.simulator.issueToken("github", { audience: hub.url }), resource);
  expect(answer.status, answer.text).toBe(200);
  return answer.json.access_token;
}

function send(probe: Probe, repo: string, token: string | undefined): Promise<Answer> {
  const body = probe.body?.(repo);
  return hub.call(probe.method, probe.path(repo), {
    token,
    body,
    ...(probe.ndjson === true ? { headers: { "content-type": "application/x-ndjson" } } : {}),
  });
}

/** All that a caller could tell two answers apart by, with the name of the repo and what differs every time taken out. */
function shapeOf(answer: Answer, repo: string): unknown {
  const headers = [...answer.headers].filter(
    ([header]) => !["date", "x-request-id", "content-length"].includes(header),
  );
  const text = answer.text.replaceAll(/"request_id":"[^"]*"/g, "");
  return JSON.parse(
    JSON.stringify([answer.status, headers, text])
      .replaceAll(repo, "REPO")
      .replaceAll(repo.split("/")[1] ?? "", "NAME"),
  );
}

describe.each(["nobody", "another user", "a reader's token", "a job of another repo", "a job of the owner"])(
  "to %s, a private repo looks like a missing one",
  (who) => {
    it.each(
      [...READS, ...CHANGES, ...READERS_CHANGES].map(
        (probe) =>
          [`${probe.method} ${probe.path("ns/name")} ${JSON.stringify(probe.body?.("ns/name") ?? "")}`, probe] as const,
      ),
    )("on %s", async (_title, probe) => {
      const hidden = await send(probe, "ada/secret", strangers[who]);
      const absent = await send(probe, "ada/absent", strangers[who]);
      expect(shapeOf(hidden, "ada/secret")).toEqual(shapeOf(absent, "ada/absent"));
      expect(hidden.status).toBeGreaterThanOrEqual(400);
    });
  },
);

it("covers every changing route that names a repo", () => {
  const probed = [...READS, ...CHANGES, ...READERS_CHANGES]
    .map(({ method, path }) => `${method} ${path(":namespace/:name").replace(/\.git/, "").split("?")[0]}`)
    .map((text) =>
      text
        .replace(/\/(preupload|commit|branch|tag|paths-info|super-squash)\/.*/, "/$1/*")
        .replace("/publishers/x", "/publishers/:id")
        .replace("/discussions/1", "/discussions/:num")
        .replace("/comment/x", "/comment/:comment"),
    );
  const wanted = hub.server.changingRoutes
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => /\/models\/|repos\/|^\w+ \/:namespace\/:name\//.test(route));
  expect(wanted.filter((route) => !probed.includes(route))).toEqual([]);
});

describe("a public repo that is not the caller's", () => {
  it.each(["nobody", "another user", "a reader's token", "a job of the owner"])(
    "cannot be changed by %s",
    async (who) => {
      for (const probe of CHANGES) {
        if (probe.path("ada/train") === "/api/repos/create") continue;
        const answer = await send(probe, "ada/train", strangers[who]);
        expect(answer.status, `${probe.method} ${probe.path("ada/train")} ${answer.text}`).toBeOneOf([401, 403]);
      }
    },
  );
});

describe("a repo that was deleted and made again under its name", () => {
  it("gives nothing to the tokens, publishers and signed URLs of the old one", async () => {
    await hub.repo("ada/again", { private: true, token: ada });
    await publisher("models/ada/again");
    const job = await exchanged("ada/again");
    const bytes = "the old repo's file";
    const oid = createHash("sha256").update(bytes).digest("hex");
    const batch = async (operation: string, token: string) =>
      (
        await hub.call("POST", "/ada/again.git/info/lfs/objects/batch", {
          token,
          body: { operation, transfers: ["basic"], objects: [{ oid, size: bytes.length }] },
        })
      ).json.objects[0];
    const { upload, verify } = (await batch("upload", job)).actions;
    expect((await fetch(upload.href, { method: "PUT", body: bytes })).status).toBe(200);
    const { download } = (await batch("download", job)).actions;
    expect((await fetch(download.href)).status).toBe(200);

    expect((await hub.call("DELETE", "/api/repos/delete", { token: ada, body: name("ada/again") })).status).toBe(200);
    await hub.repo("ada/again", { private: true, token: ada });

    for (const probe of [...READS, ...CHANGES, ...READERS_CHANGES]) {
      if (probe.path("ada/again") === "/api/repos/create") continue;
      const answer = await send(probe, "ada/again", job);
      expect(answer.status, `${probe.method} ${probe.path("ada/again")}`).toBeOneOf([401, 403, 404]);
    }
    expect((await fetch(upload.href, { method: "PUT", body: bytes })).status).toBe(404);
    expect((await fetch(download.href)).status).toBe(404);
    expect(
      (await fetch(verify.href, { method: "POST", body: JSON.stringify({ oid, size: bytes.length }) })).status,
    ).toBe(404);
    expect((await batch("download", ada)).error.code).toBe(404);
    const listed = await hub.call("GET", "/api/postern/v1/models/ada/again/publishers", { token: ada });
    expect(listed.json.publishers).toEqual([]);
    const again = await hub.exchange(await hub.simulator.issueToken("github", { audience: hub.url }), "ada/again");
    expect(again.status).toBe(400);
    expect(again.text).toContain("TP1701");
  });
});

describe("a signed URL", () => {
  it("of a public repo ends when the repo becomes private", async () => {
    await hub.repo("ada/closing", { token: ada });
    const bytes = "soon private";
    const oid = createHash("sha256").update(bytes).digest("hex");
    const batch = async (operation: string, token: string | undefined) =>
      (
        await hub.call("POST", "/ada/closing.git/info/lfs/objects/batch", {
          token,
          body: { operation, transfers: ["basic"], objects: [{ oid, size: bytes.length }] },
        })
      ).json.objects[0].actions;
    expect((await fetch((await batch("upload", ada)).upload.href, { method: "PUT", body: bytes })).status).toBe(200);
    const { download } = await batch("download", undefined);
    expect((await fetch(download.href)).status).toBe(200);
    const closed = await hub.call("PUT", "/api/models/ada/closing/settings", {
      token: ada,
      body: { visibility: "private" },
    });
    expect(closed.status).toBe(200);
    expect((await fetch(download.href)).status).toBe(403);
    expect((await fetch((await batch("download", ada)).download.href)).status).toBe(200);
  });
});

describe("another repo's large file", () => {
  it("is not reached by a pointer, an lfsFile, a copy, a new repo's first files or a guess", async () => {
    const bytes = "a large secret";
    const oid = createHash("sha256").update(bytes).digest("hex");
    const size = bytes.length;
    const up = await hub.call("POST", "/ada/secret.git/info/lfs/objects/batch", {
      token: ada,
      body: { operation: "upload", transfers: ["basic"], objects: [{ oid, size }] },
    });
    expect((await fetch(up.json.objects[0].actions.upload.href, { method: "PUT", body: bytes })).status).toBe(200);
    const eve = strangers["another user"];
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
    const created = await hub.call("POST", "/api/repos/create", {
      token: eve,
      body: { name: "thief", type: "model", files: [{ path: "first.bin", content: pointer }] },
    });
    expect(created.status, created.text).toBe(200);
    const commit = (value: unknown, key: string) =>
      hub.call("POST", "/api/models/eve/thief/commit/main", {
        token: eve,
        body: `{"key":"header","value":{"summary":"x"}}\n${JSON.stringify({ key, value })}`,
      });
    const refused = await commit({ path: "a.bin", algo: "sha256", oid, size }, "lfsFile");
    const invented = await commit({ path: "a.bin", algo: "sha256", oid: SHA, size }, "lfsFile");
    expect([refused.status, refused.text.replaceAll(oid, "OID").replace(/"request_id":"[^"]*"/, "")]).toEqual([
      invented.status,
      invented.text.replaceAll(SHA, "OID").replace(/"request_id":"[^"]*"/, ""),
    ]);
    expect((await commit({ path: "b.bin", content: pointer, encoding: "utf-8" }, "file")).status).toBe(400);
    // What git-lfs would read as a pointer although it is spelled otherwise.
    await commit({ path: "c.bin", content: pointer.replaceAll("\n", "\r\n"), encoding: "utf-8" }, "file");
    await commit({ path: "d.bin", content: `${pointer}\n`, encoding: "utf-8" }, "file");
    await commit({ path: "e.bin", srcPath: "x", srcRevision: "refs/heads/main" }, "copyFile");
    for (const path of ["first.bin", "a.bin", "b.bin", "c.bin", "d.bin", "e.bin"]) {
      const answer = await hub.call("GET", `/eve/thief/resolve/main/${path}`, { token: eve });
      expect(answer.text).not.toContain(bytes);
    }
    const down = await hub.call("POST", "/eve/thief.git/info/lfs/objects/batch", {
      token: eve,
      body: { operation: "download", objects: [{ oid, size }] },
    });
    expect(down.json.objects[0].error.code).toBe(404);
  });
});

describe("other spellings of a name", () => {
  it("are the same repo, with the same guard", async () => {
    for (const path of ["ADA/train", "ada/TRAIN", "ada/train.git"])
      expect((await hub.call("GET", `/api/models/${path}`)).status, path).toBe(200);
    for (const path of ["ADA/secret", "ada/SECRET", "Ada/Secret.git"]) {
      expect((await hub.call("GET", `/api/models/${path}`)).status, path).toBe(401);
      expect((await hub.call("GET", `/api/models/${path}`, { token: strangers["another user"] })).status, path).toBe(
        404,
      );
    }
    const taken = await hub.call("POST", "/api/repos/create", {
      token: ada,
      body: { name: "TRAIN", organization: "ADA" },
    });
    expect(taken.status).toBe(409);
    for (const user of ["ADA", "Eve"]) {
      expect(
        (await hub.call("POST", "/api/postern/v1/users", { token: hub.adminToken, body: { name: user } })).status,
      ).toBe(409);
      expect(
        (await hub.call("POST", "/api/postern/v1/orgs", { token: hub.adminToken, body: { name: user } })).status,
      ).toBe(409);
    }
  });
});

describe("a repo that only trusted publishers write to", () => {
  it("refuses its owner's and an administrator's personal tokens, and takes the job's", async () => {
    await hub.repo("ada/keyless", { token: ada });
    await publisher("models/ada/keyless");
    const closed = await hub.call("PUT", "/api/models/ada/keyless/settings", {
      token: ada,
      body: { trustedPublishingOnly: true },
    });
    expect(closed.status, closed.text).toBe(200);
    const probe = { method: "POST", path: api("/branch/new"), body: () => ({}) };
    for (const token of [ada, hub.adminToken]) expect((await send(probe, "ada/keyless", token)).status).toBe(403);
    expect((await send(probe, "ada/keyless", await exchanged("ada/keyless"))).status).toBe(200);
  });
});
