import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Finished, runBin } from "../testing/run-bin.ts";
import { type ScriptedAnswer, type ScriptedServer, startScriptedServer } from "../testing/scripted-server.ts";

const API = "/api/postern/v1";
const CANARY = "hf_canary0123456789";

let answers: readonly ScriptedAnswer[] = [];
let server: ScriptedServer;

beforeEach(async () => {
  let next = 0;
  server = await startScriptedServer(() => answers[next++] ?? { body: {} });
});
afterEach(async () => {
  answers = [];
  await server[Symbol.asyncDispose]();
});

function postern(...words: readonly string[]): Promise<Finished> {
  return runBin(words, { env: { HF_ENDPOINT: server.url, HF_TOKEN: CANARY } });
}

const GITHUB_WORDS =
  "--provider github --repository acme/train --repository-id 456789 --owner-id 123456 --workflow publish.yml --branch main";
const GITHUB_BODY = {
  provider: "github",
  claims: {
    repository: "acme/train",
    repository_id: "456789",
    repository_owner_id: "123456",
    workflow: "publish.yml",
    branch: "main",
  },
};

describe("what is sent", () => {
  it.each<[string, string, string, unknown]>([
    ["user add ada --fullname Ada --admin", "POST", `${API}/users`, { name: "ada", fullname: "Ada", admin: true }],
    ["user list", "GET", `${API}/users`, undefined],
    ["org add acme --owner ada", "POST", `${API}/orgs`, { name: "acme", owner: "ada" }],
    ["org list", "GET", `${API}/orgs`, undefined],
    ["org member acme", "GET", `${API}/orgs/acme/members`, undefined],
    ["org member acme ada --role write", "PUT", `${API}/orgs/acme/members/ada`, { role: "write" }],
    ["org member acme ada --remove", "DELETE", `${API}/orgs/acme/members/ada`, undefined],
    ["token list --user ada", "GET", `${API}/tokens?user=ada`, undefined],
    ["token revoke 17", "DELETE", `${API}/tokens/17`, undefined],
    ["issuer list", "GET", `${API}/issuers`, undefined],
    ["issuer remove 3", "DELETE", `${API}/issuers/3`, undefined],
    [
      "issuer add --provider github --url http://127.0.0.1:9/github --allow-origin http://127.0.0.1:9",
      "POST",
      `${API}/issuers`,
      { provider: "github", url: "http://127.0.0.1:9/github", allow_origins: ["http://127.0.0.1:9"] },
    ],
    [`publisher add acme/m ${GITHUB_WORDS}`, "POST", `${API}/models/acme/m/publishers`, GITHUB_BODY],
    [
      "publisher add --user ada --provider gitlab --repository acme/train --repository-id 42 --owner-id 7",
      "POST",
      `${API}/users/ada/publishers`,
      { provider: "gitlab", claims: { project_path: "acme/train", project_id: "42", namespace_id: "7" } },
    ],
    [
      "publisher add acme/m --repo-type dataset --provider custom --issuer https://ci.example --claim sub=a=b --claim n:=7 --claim /a/b:=true --access read --ttl 900",
      "POST",
      `${API}/datasets/acme/m/publishers`,
      {
        provider: "custom",
        issuer: "https://ci.example",
        claims: { sub: "a=b", n: 7, "/a/b": true },
        access: "read",
        ttl_seconds: 900,
      },
    ],
    [
      `publisher add acme/m ${GITHUB_WORDS} --source-address 192.0.2.7 --pin-address`,
      "POST",
      `${API}/models/acme/m/publishers`,
      { ...GITHUB_BODY, source_addresses: ["192.0.2.7"], pin_address: true },
    ],
    ["publisher list spaces/acme/m", "GET", `${API}/spaces/acme/m/publishers`, undefined],
    ["publisher remove acme/m 9", "DELETE", `${API}/models/acme/m/publishers/9`, undefined],
    ["publisher revoke-tokens acme/m 9", "POST", `${API}/models/acme/m/publishers/9/revoke-tokens`, undefined],
    ["publisher revoke-tokens 9 --user ada", "POST", `${API}/users/ada/publishers/9/revoke-tokens`, undefined],
    ["publisher disable acme/m 9", "PATCH", `${API}/models/acme/m/publishers/9`, { enabled: false }],
    ["publisher enable 9 --user ada", "PATCH", `${API}/users/ada/publishers/9`, { enabled: true }],
    ["keys list", "GET", `${API}/keys`, undefined],
    ["keys rotate", "POST", `${API}/keys/rotate`, undefined],
    ["switch list", "GET", `${API}/switches`, undefined],
    ["switch off exchange --reason why", "PATCH", `${API}/switches/exchange`, { on: false, reason: "why" }],
    ["switch on writes", "PATCH", `${API}/switches/writes`, { on: true }],
    ["user lock ada", "PATCH", `${API}/users/ada`, { locked: true }],
    ["user lock ada --undo", "PATCH", `${API}/users/ada`, { locked: false }],
    ["publisher remove 9 --user ada", "DELETE", `${API}/users/ada/publishers/9`, undefined],
    [
      "repo create acme/m --private",
      "POST",
      "/api/repos/create",
      { type: "model", organization: "acme", name: "m", visibility: "private" },
    ],
    [
      "repo delete datasets/acme/m --yes",
      "DELETE",
      "/api/repos/delete",
      { type: "dataset", organization: "acme", name: "m" },
    ],
    ["repo settings acme/m --public", "PUT", "/api/models/acme/m/settings", { visibility: "public" }],
    ["repo settings acme/m --gated false", "PUT", "/api/models/acme/m/settings", { gated: false }],
    ["auth whoami", "GET", "/api/whoami-v2", undefined],
  ])("%s", async (line, method, url, body) => {
    const finished = await postern(...line.split(" "));
    expect(finished).toMatchObject({ exitCode: 0 });
    expect(server.seen).toHaveLength(1);
    const [request] = server.seen;
    expect(request).toMatchObject({ method, url, authorization: `Bearer ${CANARY}` });
    expect(request?.body.length === 0 ? undefined : JSON.parse(request?.body.toString() ?? "")).toEqual(body);
    expect(finished.stdout + finished.stderr).not.toContain(CANARY);
  });
});

describe("--json", () => {
  it.each([
    ["user list", { users: [{ name: "ada" }] }],
    ["org list", { orgs: [] }],
    ["org member acme", { members: [{ user: "ada", role: "admin" }] }],
    ["token list --user ada", { tokens: [] }],
    ["issuer list", { issuers: [] }],
    ["publisher list acme/m", { publishers: [] }],
    ["publisher disable acme/m 1", { id: "1", enabled: false }],
    ["publisher enable acme/m 1", { id: "1", enabled: true, frozen: true }],
    ["auth whoami", { name: "ada", orgs: [], auth: { type: "access_token" } }],
    ["user add ada", { name: "ada" }],
    [`publisher add acme/m ${GITHUB_WORDS}`, { id: "1" }],
  ])("prints what the server said, and nothing else: %s", async (line, body) => {
    answers = [{ body }];
    const finished = await postern(...line.split(" "), "--json");
    expect(finished).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(finished.stdout)).toEqual(body);
  });

  it.each([
    "token revoke 1",
    "issuer remove 1",
    "publisher remove acme/m 1",
    "repo delete acme/m --yes",
    "org member a1 b2 --remove",
  ])("prints what was done: %s", async (line) => {
    answers = [{ status: 204, body: "" }];
    const finished = await postern(...line.split(" "), "--json");
    expect(finished).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(finished.stdout)).toEqual(expect.any(Object));
  });
});

describe("publisher confirm", () => {
  const claims = { repository: "acme/train", repository_id: "1", repository_owner_id: "2" };
  const to = { repository: "evil/tr\u001b[2Jain", repository_owner_id: "666" };
  const change = { kind: "transfer", from: {}, to, seen_at: "2026-11-21T10:00:00.000Z" };
  const frozen = { id: "9", claims, frozen: true, change };
  const renamed = { id: "8", claims, renamed: { from: { repository: "acme/old" }, at: "2026-11-21T10:00:00.000Z" } };
  const list = { body: { publishers: [renamed, frozen] } };

  it("shows old and new, escaped, and sends what it showed", async () => {
    answers = [list, { body: { id: "9", claims: { ...claims, ...to } } }];
    const finished = await postern("publisher", "confirm", "acme/m", "9", "--yes");
    expect(finished).toMatchObject({ exitCode: 0, stdout: "Confirmed: the publisher 9 has the new values.\n" });
    expect(finished.stderr).toContain("transferred to another owner, and it is frozen");
    expect(finished.stderr).toContain(
      "  repository: acme/train -> evil/tru{1b}[2Jain\n  repository_owner_id: 2 -> 666\n",
    );
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET ${API}/models/acme/m/publishers`,
      `POST ${API}/models/acme/m/publishers/9/confirm`,
    ]);
    expect(JSON.parse(server.seen[1]?.body.toString() ?? "")).toEqual({ accept: true, to });
  });

  it("asks first: without --yes and without a person nothing is sent", async () => {
    answers = [list];
    const finished = await postern("publisher", "confirm", "acme/m", "9");
    expect(finished).toMatchObject({ exitCode: 2, stdout: "" });
    expect(finished.stderr).toMatch(/repository_owner_id: 2 -> 666[\s\S]*Look at the values above, then add --yes/);
    expect(server.seen).toHaveLength(1);
  });

  it("keeps the old values with --keep", async () => {
    answers = [list, { body: { id: "9", claims } }];
    const finished = await postern("publisher", "confirm", "acme/m", "9", "--keep", "--yes");
    expect(finished.stdout).toContain("keeps its old values");
    expect(JSON.parse(server.seen[1]?.body.toString() ?? "")).toEqual({ accept: false });
  });

  it("confirms a rename that was accepted already, and prints JSON alone", async () => {
    answers = [list, { body: { id: "8", claims } }];
    const finished = await postern("publisher", "confirm", "8", "--user", "ada", "--yes", "--json");
    expect(finished).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(finished.stdout)).toEqual({ id: "8", claims });
    expect(JSON.parse(server.seen[1]?.body.toString() ?? "")).toEqual({ accept: true, to: {} });
  });

  it.each([
    ["there is no such publisher", "7", /There is no publisher 7/],
    ["nothing waits", "1", /Nothing waits/],
  ])("says so when %s", async (_what, id, said) => {
    answers = [{ body: { publishers: [{ id: "1", claims }] } }];
    const finished = await postern("publisher", "confirm", "acme/m", id, "--yes");
    expect(finished.exitCode).toBe(1);
    expect(finished.stderr).toMatch(said);
  });

  it("is what the list asks for", async () => {
    answers = [list];
    const finished = await postern("publisher", "list", "acme/m");
    expect(finished.stdout).toMatch(/^9 .* frozen /m);
    expect(finished.stdout).toMatch(/^8 .* on, renamed /m);
    expect(finished.stderr).toContain("next: postern publisher confirm acme/m 9");
    expect(finished.stderr).toContain("repository: acme/old -> acme/train");
  });
});

describe("token create", () => {
  const made = { id: "1", user: "ada", role: "write", token: "hf_new" };

  it("prints the token alone on stdout, and on stderr that it is shown once", async () => {
    answers = [{ status: 201, body: made }];
    const finished = await postern("token", "create", "--user", "ada", "--role", "write", "--name", "laptop");
    expect(finished).toMatchObject({ exitCode: 0, stdout: "hf_new\n" });
    expect(finished.stderr).toContain("shown this once");
    expect(JSON.parse(server.seen[0]?.body.toString() ?? "")).toEqual({ user: "ada", name: "laptop", role: "write" });
  });

  it("prints it in JSON", async () => {
    answers = [{ status: 201, body: made }];
    const finished = await postern("token", "create", "--user", "ada", "--role", "write", "--json");
    expect(JSON.parse(finished.stdout)).toMatchObject({ token: "hf_new" });
    expect(finished.stderr).toBe("");
  });
});

describe("errors", () => {
  it("are the server's sentence, its field and remedy, and the request id", async () => {
    answers = [
      {
        status: 422,
        headers: { "x-request-id": "req-7" },
        body: {
          error: "The id is no number.",
          code: "invalid_field",
          field: "/claims/repository_id",
          remedy: "Give digits.",
        },
      },
    ];
    const finished = await postern(...`publisher add acme/m ${GITHUB_WORDS}`.split(" "));
    expect(finished).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "error: The id is no number. (/claims/repository_id)\n  next: Give digits.\n  request id: req-7\n",
    });
  });

  it.each<[string, ScriptedAnswer, RegExp]>([
    ["401", { status: 401, body: { error: "Invalid credentials" } }, /Invalid credentials\n {2}next: Log in/],
    ["403", { status: 403, body: { error: "For administrators." } }, /For administrators\.\n {2}next: Use a token/],
    ["404 of a server without this API", { status: 404, body: "<html>" }, /does not know this address/],
    ["503 with the id in the body", { status: 503, body: { error: "No audit.", request_id: "r9" } }, /request id: r9/],
    ["an answer that is no JSON", { status: 200, body: "<html>" }, /did not answer with JSON/],
  ])("%s", async (_what, answer, said) => {
    answers = [answer];
    const finished = await postern("user", "list");
    expect(finished.exitCode).toBe(1);
    expect(finished.stderr).toMatch(said);
  });

  it("say that nobody is listening, and where", async () => {
    await server[Symbol.asyncDispose]();
    const finished = await postern("user", "list");
    expect(finished.exitCode).toBe(1);
    expect(finished.stderr).toMatch(/^error: Nobody is listening at 127\.0\.0\.1:\d+\.\n {2}next: Start the server/);
  });

  it("show the requests with HF_DEBUG, and never the token", async () => {
    const env = { HF_ENDPOINT: server.url, HF_TOKEN: CANARY, HF_DEBUG: "1" };
    const finished = await runBin(["user", "list"], { env });
    expect(finished.stderr).toContain("curl");
    expect(finished.stderr).toContain(`${API}/users`);
    expect(finished.stderr + finished.stdout).not.toContain(CANARY);
  });
});

describe("lists for people", () => {
  it("are aligned columns", async () => {
    answers = [
      {
        body: {
          orgs: [
            { name: "acme", fullname: "Acme Research" },
            { name: "x9", fullname: "" },
          ],
        },
      },
    ];
    expect((await postern("org", "list")).stdout).toBe("NAME  FULL NAME\nacme  Acme Research\nx9    -\n");
  });

  it("say on stderr that they are empty", async () => {
    answers = [{ body: { issuers: [] } }];
    expect(await postern("issuer", "list")).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "No issuer is believed yet.\n",
    });
  });

  it("find an issuer by its URL", async () => {
    answers = [{ body: { issuers: [{ id: "5", url: "https://ci.example" }] } }, { status: 204, body: "" }];
    await postern("issuer", "remove", "https://ci.example");
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET ${API}/issuers`,
      `DELETE ${API}/issuers/5`,
    ]);
  });
});

describe("repo create", () => {
  it("tells a repo that exists from a new one", async () => {
    answers = [{ status: 409, body: { error: "exists", url: "http://h/acme/m" } }];
    expect(await postern("repo", "create", "acme/m")).toMatchObject({ exitCode: 1, stdout: "" });
  });

  it("succeeds with --exist-ok all the same", async () => {
    answers = [{ status: 409, body: { error: "exists", url: "http://h/acme/m" } }];
    const finished = await postern("repo", "create", "acme/m", "--exist-ok", "--json");
    expect(JSON.parse(finished.stdout)).toEqual({
      id: "acme/m",
      type: "model",
      url: "http://h/acme/m",
      created: false,
    });
  });
});

describe("audit export", () => {
  it("follows the pages until there is nothing more", async () => {
    answers = [{ body: '{"seq":1}\n{"seq":2}\n' }, { body: '{"seq":3}\n' }, { body: "" }];
    expect((await postern("audit", "export")).stdout).toBe('{"seq":1}\n{"seq":2}\n{"seq":3}\n');
    expect(server.seen.map(({ url }) => new URL(url, server.url).searchParams.get("after"))).toEqual(["0", "2", "3"]);
  });

  it("stops at a server that repeats itself", async () => {
    answers = [{ body: '{"seq":1}\n' }, { body: '{"seq":1}\n' }];
    const finished = await postern("audit", "export");
    expect(finished.exitCode).toBe(1);
    expect(finished.stderr).toContain("repeats entries");
  });
});

describe("keys of an issuer that wait", () => {
  it("are confirmed by name, as the server shows them, and printed", async () => {
    answers = [
      { body: '{"issuers":[{"id":"6","held_keys":["other"]},{"id":"7","held_keys":["one","two"]}]}' },
      { body: "{}" },
    ];
    const finished = await postern("issuer", "confirm-keys", "7");
    expect(finished.stdout).toMatch(/one\n\s+two/);
    const request = server.seen.at(-1);
    expect(request).toMatchObject({ method: "POST", url: `${API}/issuers/7/confirm-keys` });
    expect(JSON.parse(request?.body.toString() ?? "")).toEqual({ keys: ["one", "two"] });
  });

  it("are not confirmed when there are none, and only those that are named", async () => {
    answers = [{ body: '{"issuers":[{"id":"7"}]}' }];
    expect(await postern("issuer", "confirm-keys", "7")).toMatchObject({ exitCode: 1, stdout: "" });
    answers = [{ body: "{}" }];
    expect((await postern("issuer", "confirm-keys", "7", "--key", "two")).exitCode).toBe(0);
    expect(JSON.parse(server.seen.at(-1)?.body.toString() ?? "")).toEqual({ keys: ["two"] });
  });

  it.each([
    ["issuer hold-keys 7", true],
    ["issuer hold-keys 7 --off", false],
  ])("are what %s is about", async (line, hold) => {
    answers = [{ body: "{}" }];
    expect((await postern(...line.split(" "))).exitCode).toBe(0);
    const request = server.seen.at(-1);
    expect(request).toMatchObject({ method: "PATCH", url: `${API}/issuers/7` });
    expect(JSON.parse(request?.body.toString() ?? "")).toEqual({ hold_keys: hold });
  });
});

describe("keys from a file", () => {
  const FILE = path.join(import.meta.dirname, "..", "..", "package.json");

  it.each([
    ["POST", `${API}/issuers`, "issuer add --provider kubernetes --url https://kubernetes.default.svc --jwks"],
    ["PATCH", `${API}/issuers/7`, "issuer replace-keys 7 --jwks"],
  ])("are sent with %s %s", async (method, url, line) => {
    expect(await postern(...line.split(" "), FILE)).toMatchObject({ exitCode: 0 });
    const [request] = server.seen;
    expect(request).toMatchObject({ method, url });
    expect(JSON.parse(request?.body.toString() ?? "").jwks).toMatchObject({ name: "postern" });
  });

  it.each(["no-such-file.json", import.meta.filename])("are wrong usage from %s, and nothing is sent", async (file) => {
    const finished = await postern("issuer", "replace-keys", "7", "--jwks", file);
    expect(finished).toMatchObject({ exitCode: 2, stdout: "" });
    expect(server.seen).toEqual([]);
  });
});
