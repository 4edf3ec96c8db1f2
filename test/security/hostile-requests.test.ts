import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { rawHead, rawRequest, rawStatus } from "./raw-request.ts";

let hub: RunningHub;
let ada: string;
const log: string[] = [];

beforeAll(async () => {
  hub = await startHub({ log: (line) => log.push(line) });
  ada = await hub.user("ada");
  await hub.repo("ada/train", { token: ada });
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

function commit(repo: string, token: string, lines: readonly unknown[]) {
  const header = { key: "header", value: { summary: "Change" } };
  return hub.call("POST", `/api/models/${repo}/commit/main`, {
    token,
    body: [header, ...lines].map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
}

const file = (path: string, content: string) => ({ key: "file", value: { path, content, encoding: "utf-8" } });

describe("credentials", () => {
  it("refuses two Authorization headers, because a proxy in front may have judged the other one", async () => {
    const bearer = `Authorization: Bearer ${ada}`;
    for (const pair of [
      [bearer, "Authorization: Bearer hf_other"],
      ["Authorization: Bearer hf_other", bearer],
      [bearer, "Authorization: Basic dXNlcjpw"],
    ]) {
      expect(rawStatus(await rawHead(hub.url, "GET /api/whoami-v2 HTTP/1.1", pair))).toBe(400);
    }
    expect(rawStatus(await rawHead(hub.url, "GET /api/whoami-v2 HTTP/1.1", [bearer]))).toBe(200);
  });

  it.each([
    "Bearer",
    "Bearer ",
    "Bearer a b",
    "Basic",
    "Basic %%%",
    "Digest x",
    "",
    "Bearer\tx",
    "null",
    `Bearer ${"x".repeat(16_000)}`,
  ])("takes what is no credential for a failed login, never for a stranger: %j", async (authorization) => {
    const answer = await hub.call("GET", "/api/models/ada/train", { headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("x-error-message")).toBe("Invalid credentials in Authorization header");
  });

  it("takes no token from the query, a cookie or a form", async () => {
    for (const path of [`/api/whoami-v2?token=${ada}`, `/api/whoami-v2?access_token=${ada}`]) {
      expect((await hub.call("GET", path)).status).toBe(401);
    }
    expect((await hub.call("GET", "/api/whoami-v2", { headers: { cookie: `token=${ada}` } })).status).toBe(401);
  });

  it("writes no token into the log that somebody put into a path by mistake", async () => {
    log.length = 0;
    const inPath = `/api/postern/v1/tokens/${ada}`;
    expect((await hub.call("DELETE", inPath, { token: ada })).status).toBe(404);
    expect((await hub.call("GET", `/${ada}`)).status).toBe(404);
    expect((await hub.call("DELETE", `/api/postern/v1/orgs/${ada}/members/x`)).status).toBe(401);
    expect(log.length).toBeGreaterThan(0);
    expect(log.join("\n")).not.toContain(ada);
  });
});

describe("the Host header", () => {
  it.each([
    "evil.example/x",
    'a"b',
    "a>b",
    "a b",
    "user@evil.example",
    "evil.example:80:90",
    "evil.example?x",
    "a,b",
    "evil.example#",
  ])("is refused where it is no host: %j", async (host) => {
    const answer = await rawHead(hub.url, "GET /api/models?limit=1 HTTP/1.1", [`Host: ${host}`]);
    expect(rawStatus(answer)).toBe(400);
  });

  it("is refused twice, and is needed", async () => {
    expect(rawStatus(await rawHead(hub.url, "GET /healthz HTTP/1.1", ["Host: a.example", "Host: b.example"]))).toBe(
      400,
    );
    expect(rawStatus(await rawRequest(hub.url, "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"))).toBe(400);
  });

  it("names only the answer to the request that carried it, which no cache may keep", async () => {
    await hub.repo("ada/second", { token: ada });
    const answer = await rawHead(hub.url, "GET /api/models?author=ada&limit=1 HTTP/1.1", ["Host: evil.example"]);
    expect(answer).toMatch(/^link: <http:\/\/evil\.example\/api\/models\?/im);
    expect(answer).toMatch(/^cache-control: .*(no-store|no-cache)/im);
    const next = await hub.call("GET", "/api/models?author=ada&limit=1");
    expect(next.headers.get("link")).toContain(hub.url);
  });

  it("is not taken from X-Forwarded-Host of a stranger", async () => {
    const answer = await hub.call("GET", "/api/models?author=ada&limit=1", {
      headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" },
    });
    expect(answer.headers.get("link")).toContain(hub.url);
  });
});

describe("framing", () => {
  it.each([
    ["both lengths", "Content-Length: 4\r\nTransfer-Encoding: chunked"],
    ["two lengths", "Content-Length: 4\r\nContent-Length: 5"],
    ["a signed length", "Content-Length: +4"],
    ["a coding that is none", "Transfer-Encoding: xchunked"],
    ["a folded header", "X-A: b\r\n c: d"],
    ["a blank before the colon", "X-A : b"],
  ])("refuses %s", async (_what, headers) => {
    const smuggled = "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a.example\r\n\r\n";
    const answer = await rawRequest(
      hub.url,
      `POST /api/validate-yaml HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n${headers}\r\nConnection: close\r\n\r\n${smuggled}`,
    );
    expect(rawStatus(answer)).toBe(400);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("refuses headers that are too long", async () => {
    expect(rawStatus(await rawHead(hub.url, "GET /healthz HTTP/1.1", [`X-A: ${"a".repeat(40_000)}`]))).toBeOneOf([
      400, 431,
    ]);
  });

  it("does not inflate bodies", async () => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, " "));
    for (const path of [
      "/api/validate-yaml",
      "/api/repos/create",
      "/api/models/ada/train/commit/main",
      "/oauth/token",
    ]) {
      const response = await fetch(`${hub.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${ada}`, "content-type": "application/json", "content-encoding": "gzip" },
        body: bomb,
      });
      expect(response.status, path).toBeOneOf([400, 413, 415]);
    }
  });
});

describe("bodies", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

  it.each([
    ["POST", "/api/postern/v1/users", `{"name":${nested(30_000)}}`],
    ["POST", "/api/postern/v1/models/ada/train/publishers", `{"provider":"github","claims":{"sub":${nested(30_000)}}}`],
    ["POST", "/api/postern/v1/issuers", `{"provider":"custom","url":${nested(20_000)}}`],
    ["POST", "/api/postern/v1/issuers", `{"provider":"custom","url":"https://a.example","jwks":${nested(20_000)}}`],
    ["POST", "/api/repos/create", `{"name":"x","files":${nested(200_000)}}`],
    ["POST", "/api/models/ada/train/preupload/main", `{"files":[${nested(200_000)}]}`],
    ["POST", "/ada/train.git/info/lfs/objects/batch", `{"operation":"upload","objects":[${nested(200_000)}]}`],
    ["POST", "/oauth/token", nested(20_000)],
    ["POST", "/api/credentials/revoke", `{"credentials":${nested(50_000)}}`],
  ])("are refused, not failed at, when they are nested deeply: %s %s", async (method, path, body) => {
    const answer = await hub.call(method, path, {
      token: path.startsWith("/oauth") ? undefined : hub.adminToken,
      body,
      headers: { "content-type": "application/json" },
    });
    expect(answer.status, answer.text.slice(0, 300)).toBeLessThan(500);
  });

  it.each([
    ["/api/postern/v1/users", '{"name":"mallory","__proto__":{"admin":true}}'],
    ["/api/postern/v1/users", '{"name":"mallory","constructor":{"prototype":{"admin":true}}}'],
    ["/api/postern/v1/tokens", '{"role":"read","__proto__":{"role":"write"}}'],
    ["/api/repos/create", '{"name":"p","__proto__":{"private":true}}'],
    [
      "/api/postern/v1/models/ada/train/publishers",
      '{"provider":"github","claims":{"__proto__":{"repository_id":"1"}}}',
    ],
  ])("do not reach a prototype: %s", async (path, body) => {
    const answer = await hub.call("POST", path, {
      token: hub.adminToken,
      body,
      headers: { "content-type": "application/json" },
    });
    expect(answer.status, answer.text).toBeOneOf([400, 422]);
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });

  it.each([
    ["an alias bomb", `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n`],
    ["deep nesting", `a: ${nested(20_000)}`],
    ["deep blocks", Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["a merge of itself", "a: &a\n  <<: *a\n"],
    ["a key that occurs twice", "a: 1\na: 2"],
    ["a custom tag", 'a: !!js/function "function(){}"'],
    ["thousands of faults", "a: ]\n".repeat(20_000)],
  ])("of YAML are judged in time: %s", async (_what, yaml) => {
    const answer = await hub.call("POST", "/api/validate-yaml", { body: { content: `---\n${yaml}\n---\n` } });
    expect(answer.status, answer.text.slice(0, 300)).toBeOneOf([200, 400]);
    expect(answer.text.length).toBeLessThan(20_000);
  });

  it("of YAML with very many keys do not stop the server", { timeout: 3000 }, async () => {
    const yaml = Array.from({ length: 18_000 }, (_, index) => `k${index.toString(36)}:`).join("\n");
    const answer = await hub.call("POST", "/api/validate-yaml", { body: { content: `---\n${yaml}\n---\n` } });
    expect(answer.status).toBe(200);
  });

  it("of a commit are judged line by line", async () => {
    for (const line of [
      nested(100_000),
      `{"key":"file","value":${nested(100_000)}}`,
      "null",
      '{"key":"__proto__","value":{}}',
      '"x"',
    ])
      expect((await commit("ada/train", ada, [line])).status).toBeOneOf([400, 413]);
  });
});

describe("what a writer puts into a repo", () => {
  const NAMES = [
    "page.html",
    "image.svg",
    "script.js",
    "doc.xml",
    "doc.pdf",
    "x.xhtml",
    "noextension",
    "x.HTML",
    "a.json",
    "b.txt",
  ];

  it.each(NAMES)("cannot run as a page of ours: %s", async (name) => {
    expect((await commit("ada/train", ada, [file(name, "<script>alert(1)</script>")])).status).toBe(200);
    for (const view of ["resolve", "raw"]) {
      const answer = await hub.call("GET", `/ada/train/${view}/main/${name}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).not.toMatch(/html|svg|xml|javascript|pdf/);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    }
  });

  it.each([
    ["quotes", 'a"; filename=evil.html; x=".txt'],
    ["a semicolon", "a;b.txt"],
    ["a percent sign", "a%0d%0aSet-Cookie%3a b.txt"],
    ["other scripts", "模型‮txt.exe"],
  ])("cannot write header lines by its name: %s", async (_what, name) => {
    expect((await commit("ada/train", ada, [file(name, "x")])).status).toBe(200);
    const answer = await hub.call("GET", `/ada/train/resolve/main/${encodeURIComponent(name)}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("content-disposition")).toMatch(
      /^(?:inline|attachment); filename="[^"\\%]*"; filename\*=UTF-8''[A-Za-z0-9%!#$&+.^_`|~-]*$/,
    );
  });

  it.each([
    "a\r\nb",
    "a\nb",
    "a\0b",
    "../x",
    "a/../../x",
    ".git/config",
    "a/.GIT/hooks/x",
    ".git /x",
    "git~1",
    "a\\b",
    "/x",
    "a//b",
    ".",
  ])("has no path that leaves the repo or reads as git's own: %j", async (path) => {
    expect((await commit("ada/train", ada, [file(path, "x")])).status).toBe(400);
  });
});

describe("paths of requests", () => {
  it.each([
    "/ada/train/resolve/main/%2e%2e/%2e%2e/HEAD",
    "/ada/train/resolve/main/..%2f..%2fHEAD",
    "/ada/train/resolve/main/%00",
    "/ada/train/resolve/main/%ff",
    "/ada/train/resolve/main%00/x",
    "/ada/train/resolve/..%2f..%2fHEAD/x",
    "/ada/train/resolve/main/.git/config",
    "/ada/train/resolve/main/a%0d%0aSet-Cookie:%20x=y",
    "/ada/train/resolve/x%0d%0aSet-Cookie:%20x=y/README.md",
    "/ada%2ftrain/resolve/main/README.md",
    "/api/models/ada%2f..%2fada/train",
    "/api/models/ada/train/tree/main/%2e%2e",
    "/api/models/ada/train/revision/--upload-pack=x",
    "/api/models/ada/train/commits/-n1",
    "/api/models/ada/train/commits/main..HEAD",
    "/api/models/..%2f..%2fsecret.key/x",
    "/errors/__proto__",
    "/errors/constructor",
    "/errors/%3Cscript%3E",
    "/%3Cscript%3Ealert(1)%3C/script%3E",
    "//evil.example/x",
    "/ada/train/resolve/main/x?download=true&download=true",
  ])("find nothing and break nothing: %s", async (path) => {
    const answer = await rawHead(hub.url, `GET ${path} HTTP/1.1`, []);
    expect(rawStatus(answer), answer.slice(0, 500)).toBeOneOf([400, 401, 404]);
    expect(answer).not.toMatch(/^set-cookie:/im);
    expect(answer).not.toContain("<script>");
  });

  it("are not redirected anywhere", async () => {
    for (const path of ["//evil.example/..", "/api//models", "/ADA/train/", "/api/models/ada/train/"])
      expect(rawStatus(await rawHead(hub.url, `GET ${path} HTTP/1.1`, []))).not.toBeOneOf([301, 302, 303, 307, 308]);
  });

  it.each([
    "bytes=0-0,2-3",
    "bytes=0-0".concat(",1-1".repeat(2000)),
    "bytes=99999999999999999999999-",
    "bytes=-99999999999999999999",
    "bytes=1e3-",
    "chars=0-1",
  ])("with an odd range give the whole, a part or 416: %.40s", async (range) => {
    await commit("ada/train", ada, [file("range.txt", "0123456789")]);
    const answer = await hub.call("GET", "/ada/train/resolve/main/range.txt", { headers: { range } });
    expect(answer.status).toBeOneOf([200, 206, 416]);
    if (answer.status !== 416) expect("0123456789").toContain(answer.text);
  });

  it.each(["TRACE", "OPTIONS", "CONNECT", "PROPFIND"])("answer no %s", async (method) => {
    const target = method === "CONNECT" ? "evil.example:443" : "/api/models/ada/train";
    const answer = await rawHead(hub.url, `${method} ${target} HTTP/1.1`, [`Authorization: Bearer ${ada}`]);
    expect(answer === "" || rawStatus(answer) >= 400).toBe(true);
    expect(answer).not.toContain(ada);
  });

  it("answer HEAD like GET where they answer HEAD", async () => {
    await commit("ada/train", ada, [file("head.txt", "0123456789")]);
    const [get, head] = await Promise.all(
      ["GET", "HEAD"].map((method) => hub.call(method, "/ada/train/resolve/main/head.txt")),
    );
    for (const name of [
      "etag",
      "content-length",
      "content-type",
      "x-repo-commit",
      "content-disposition",
      "cache-control",
    ])
      expect(head?.headers.get(name), name).toBe(get?.headers.get(name));
    expect(head?.text).toBe("");
  });
});

it("publishers cannot be added with a claim of many megabytes", async () => {
  const answer = await hub.publisher(
    "models/ada/train",
    {
      provider: "github",
      issuer: hub.simulator.issuerUrl("github"),
      claims: { ...GITHUB_CLAIMS, workflow: "x".repeat(100_000) },
    },
    ada,
  );
  expect(answer.status).toBeOneOf([413, 422]);
});
