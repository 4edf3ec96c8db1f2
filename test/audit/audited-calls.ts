import { createHash, randomBytes } from "node:crypto";
import { type Answer, GITHUB_CLAIMS, type RunningHub } from "../harness/running-hub.ts";
import { announced, sendBytes, uploadAction } from "./lfs-upload.ts";

/** One valid call of a changing route. They stand in an order in which each can be made once. */
export interface AuditedCall {
  /** `METHOD /path`, as the router knows it. */
  readonly route: string;
  /** A refused call cannot be made again as it is: the parts of an upload are spent. */
  readonly startsAnew?: boolean;
  /** What has to be there before; not part of what is looked at. @returns the call, which may be made again when it was refused. */
  prepare(hub: RunningHub): Promise<() => Promise<Answer>>;
}

const KINDS = [
  { type: "model", plural: "models" },
  { type: "dataset", plural: "datasets" },
  { type: "space", plural: "spaces" },
  { type: "kernel", plural: "kernels" },
] as const;

const API = "/api/postern/v1";

/** One for every route that declares an event. */
export const AUDITED_CALLS: readonly AuditedCall[] = [
  simple("POST", `${API}/users`, { body: { name: "ada" } }),
  simple("POST", `${API}/users`, { body: { name: "bob" } }),
  simple("POST", `${API}/orgs`, { body: { name: "acme" } }),
  simple("PUT", `${API}/orgs/:org/members/:user`, { path: `${API}/orgs/acme/members/ada`, body: { role: "write" } }),
  simple("DELETE", `${API}/orgs/:org/members/:user`, { path: `${API}/orgs/acme/members/ada` }),
  simple("PATCH", `${API}/users/:name`, { path: `${API}/users/bob`, body: { locked: true } }),
  simple("POST", `${API}/tokens`, { body: { user: "ada", role: "read" } }),
  withId("DELETE", `${API}/tokens/:id`, (hub) =>
    hub.call("POST", `${API}/tokens`, { token: hub.adminToken, body: { user: "ada", role: "read" } }),
  ),
  {
    route: "POST /oauth/revoke",
    prepare: async (hub) => {
      const token = await newToken(hub);
      return () => hub.call("POST", "/oauth/revoke", { body: new URLSearchParams({ token }) });
    },
  },
  {
    route: "POST /api/credentials/revoke",
    prepare: async (hub) => {
      const token = await newToken(hub);
      return () => hub.call("POST", "/api/credentials/revoke", { body: { credentials: [token] } });
    },
  },
  simple("POST", `${API}/issuers`, { body: { provider: "custom", ...uploadedIssuer() } }),
  withId(
    "PATCH",
    `${API}/issuers/:id`,
    (hub) =>
      hub.call("POST", `${API}/issuers`, { token: hub.adminToken, body: { provider: "custom", ...uploadedIssuer() } }),
    { jwks: uploadedIssuer().jwks },
  ),
  {
    route: `POST ${API}/issuers/:id/confirm-keys`,
    prepare: async (hub) => {
      const url = hub.simulator.issuerUrl("gitlab");
      const { issuers } = (await hub.call("GET", `${API}/issuers`, { token: hub.adminToken })).json;
      const issuer = Array.isArray(issuers) ? issuers.find((one) => one.url === url) : undefined;
      const one = `${API}/issuers/${issuer?.id}`;
      await hub.call("PATCH", one, { token: hub.adminToken, body: { hold_keys: true } });
      await hub.simulator.rotateKeys("gitlab");
      // Whatever becomes of this token, the new key is seen.
      await hub.exchange(await hub.simulator.issueToken("gitlab", { audience: hub.url }), "acme/model");
      const { json } = await hub.call("GET", `${API}/issuers`, { token: hub.adminToken });
      const shown: readonly { readonly url: string; readonly held_keys?: unknown }[] = json.issuers;
      const held = shown.find((one) => one.url === url)?.held_keys;
      return () => hub.call("POST", `${one}/confirm-keys`, { token: hub.adminToken, body: { keys: held } });
    },
  },
  withId("DELETE", `${API}/issuers/:id`, (hub) =>
    hub.call("POST", `${API}/issuers`, { token: hub.adminToken, body: { provider: "custom", ...uploadedIssuer() } }),
  ),
  simple("POST", `${API}/keys/rotate`, { body: {} }),
  simple("POST", `${API}/keys/provenance/rotate`, { body: {} }),
  simple("PATCH", `${API}/switches/:name`, { path: `${API}/switches/exchange`, body: { on: false, reason: "a test" } }),
  simple("PATCH", `${API}/switches/:name`, { path: `${API}/switches/exchange`, body: { on: true } }),
  ...KINDS.flatMap(({ type, plural }) => repoCalls(type, plural)),
  ...publisherCalls(`${API}/users/:name`, `${API}/users/root-admin`, "read"),
  {
    route: "POST /oauth/token",
    prepare: async (hub) => {
      await hub.publisher("models/acme/model", {
        provider: "github",
        issuer: hub.simulator.issuerUrl("github"),
        claims: GITHUB_CLAIMS,
      });
      const subjectToken = await hub.simulator.issueToken("github", { audience: hub.url });
      return () => hub.exchange(subjectToken, "acme/model");
    },
  },
  {
    route: "PUT /api/lfs/objects/:oid",
    prepare: async (hub) => {
      const content = randomBytes(2000);
      const { href } = await uploadAction(hub, "acme/model", announced(content), ["basic"]);
      return () => sendBytes("PUT", href, content);
    },
  },
  {
    route: "POST /api/lfs/objects/:oid/complete",
    startsAnew: true,
    prepare: async (hub) => {
      const content = Buffer.alloc(PARTED_BYTES);
      const { oid } = announced(content);
      const { href, header = {} } = await uploadAction(hub, "acme/model", announced(content), ["basic", "multipart"]);
      const size = Number(header.chunk_size);
      const parts: { readonly partNumber: number; readonly etag: string }[] = [];
      for (const [name, url] of Object.entries(header)) {
        if (!/^\d+$/.test(name)) continue;
        const partNumber = Number(name);
        const response = await sendBytes("PUT", url, content.subarray((partNumber - 1) * size, partNumber * size));
        parts.push({ partNumber, etag: response.headers.get("etag") ?? "" });
      }
      parts.sort((one, other) => one.partNumber - other.partNumber);
      return () => sendBytes("POST", href, JSON.stringify({ oid, parts }), "application/json");
    },
  },
  ...KINDS.flatMap(({ type, plural }) => [
    simple("POST", `/api/${plural}/:namespace/:name/super-squash/*`, {
      path: `/api/${plural}/acme/${type}/super-squash/main`,
      body: { message: "all in one" },
    }),
    simple("POST", `/api/${plural}/:namespace/:name/duplicate`, {
      path: `/api/${plural}/acme/${type}/duplicate`,
      body: { repository: `acme/${type}-copy` },
    }),
    lfsDeletion(type, plural),
  ]),
  ...KINDS.flatMap(({ type }) =>
    [
      { fromRepo: `acme/${type}`, toRepo: `acme/${type}-moved` },
      { fromRepo: `acme/${type}-moved`, toRepo: `acme/${type}` },
    ].map((names) => simple("POST", "/api/repos/move", { body: { ...names, type } })),
  ),
  ...KINDS.map(({ type }) =>
    simple("DELETE", "/api/repos/delete", { body: { organization: "acme", name: type, type } }),
  ),
  {
    route: `POST ${API}/storage/gc`,
    prepare: async (hub) => {
      await leaveGarbage(hub, "one");
      return () => hub.call("POST", `${API}/storage/gc`, { token: hub.adminToken, body: {} });
    },
  },
  {
    route: `POST ${API}/storage/gc/restore`,
    prepare: async (hub) => {
      await leaveGarbage(hub, "two");
      await hub.call("POST", `${API}/storage/gc`, { token: hub.adminToken, body: {} });
      return () => hub.call("POST", `${API}/storage/gc/restore`, { token: hub.adminToken, body: { all: true } });
    },
  },
];

/** An object that no repo holds any more, and another that one does. */
async function leaveGarbage(hub: RunningHub, name: string): Promise<void> {
  for (const repo of [`acme/${name}`, "acme/keeper"]) {
    const [organization, repoName] = repo.split("/");
    await hub.call("POST", "/api/repos/create", { token: hub.adminToken, body: { organization, name: repoName } });
    const content = randomBytes(1000);
    const { href } = await uploadAction(hub, repo, announced(content), ["basic"]);
    await sendBytes("PUT", href, content);
  }
  await hub.call("DELETE", "/api/repos/delete", { token: hub.adminToken, body: { organization: "acme", name } });
}

/** One byte more than the server takes in one piece when a client can send parts. */
const PARTED_BYTES = 256 * 1024 * 1024 + 1;

function repoCalls(type: string, plural: string): readonly AuditedCall[] {
  const pattern = `/api/${plural}/:namespace/:name`;
  const path = `/api/${plural}/acme/${type}`;
  const commit = [
    { key: "header", value: { summary: "Add a file" } },
    { key: "file", value: { path: "hello.txt", content: "aGVsbG8K", encoding: "base64" } },
  ];
  return [
    simple("POST", "/api/repos/create", { body: { organization: "acme", name: type, type } }),
    simple("PUT", `${pattern}/settings`, { path: `${path}/settings`, body: { private: true } }),
    simple("POST", `${pattern}/commit/*`, {
      path: `${path}/commit/main`,
      body: commit.map((line) => JSON.stringify(line)).join("\n"),
      headers: { "content-type": "application/x-ndjson" },
    }),
    simple("PUT", `${pattern}/settings`, { path: `${path}/settings`, body: { private: false, gated: "manual" } }),
    ...gateCalls(plural, type),
    ...discussionCalls(plural, type),
    simple("POST", `${pattern}/branch/*`, { path: `${path}/branch/dev`, body: {} }),
    simple("DELETE", `${pattern}/branch/*`, { path: `${path}/branch/dev` }),
    simple("POST", `${pattern}/tag/*`, { path: `${path}/tag/main`, body: { tag: "v1" } }),
    simple("DELETE", `${pattern}/tag/*`, { path: `${path}/tag/v1` }),
    push(type, plural),
    ...publisherCalls(`${API}/${plural}/:namespace/:name`, `${API}/${plural}/acme/${type}`, "write"),
  ];
}

/** A push of a new branch on the commit that is there. */
function push(type: string, plural: string): AuditedCall {
  const prefix = type === "model" ? "" : `${plural}/`;
  return {
    route: `POST /${prefix}:namespace/:name/git-receive-pack`,
    prepare: async (hub) => {
      const { json } = await hub.call("GET", `/api/${plural}/acme/${type}/refs`, { token: hub.adminToken });
      const ref = `refs/heads/pushed-${randomBytes(4).toString("hex")}`;
      const command = `${"0".repeat(40)} ${json.branches[0].targetCommit} ${ref}\0report-status side-band-64k`;
      const empty = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
      const body = Buffer.concat([
        Buffer.from(`${(command.length + 4).toString(16).padStart(4, "0")}${command}0000`),
        empty,
        createHash("sha1").update(empty).digest(),
      ]);
      return async () => {
        const response = await fetch(`${hub.url}/${prefix}acme/${type}.git/git-receive-pack`, {
          method: "POST",
          body,
          headers: {
            authorization: `Bearer ${hub.adminToken}`,
            "content-type": "application/x-git-receive-pack-request",
          },
        });
        const text = await response.text();
        // Git shows people what stands in the report; a status in the 500s would hide it.
        if (text.includes("(audit_unavailable)") && text.includes(`ng ${ref}`))
          return { status: 503, headers: response.headers, text, json: { code: "audit_unavailable" } };
        const status = text.includes(`ok ${ref}`) ? response.status : 500;
        return { status, headers: response.headers, text, json: undefined };
      };
    },
  };
}

function gateCalls(plural: string, type: string): readonly AuditedCall[] {
  const prefix = plural === "models" ? "" : `${plural}/`;
  const base = `/api/${plural}/:namespace/:name/user-access-request`;
  const path = `/api/${plural}/acme/${type}/user-access-request`;
  const reader = async (hub: RunningHub) => {
    const name = `reader-${randomBytes(4).toString("hex")}`;
    return { name, token: await hub.user(name) };
  };
  const by = (route: string, at: string): AuditedCall => ({
    route: `POST ${route}`,
    prepare: async (hub) => {
      const { token } = await reader(hub);
      return () => hub.call("POST", at, { token, body: {} });
    },
  });
  return [
    by(base, path),
    by(`/${prefix}:namespace/:name/ask-access`, `/${prefix}acme/${type}/ask-access`),
    {
      route: `POST ${base}/cancel`,
      prepare: async (hub) => {
        const { token } = await reader(hub);
        await hub.call("POST", path, { token, body: {} });
        return () => hub.call("POST", `${path}/cancel`, { token });
      },
    },
    {
      route: `POST ${base}/handle`,
      prepare: async (hub) => {
        const { name, token } = await reader(hub);
        await hub.call("POST", path, { token, body: {} });
        const body = { user: name, status: "accepted" };
        return () => hub.call("POST", `${path}/handle`, { token: hub.adminToken, body });
      },
    },
    {
      route: `POST ${base}/grant`,
      prepare: async (hub) => {
        const { name } = await reader(hub);
        return () => hub.call("POST", `${path}/grant`, { token: hub.adminToken, body: { user: name } });
      },
    },
  ];
}

function discussionCalls(plural: string, type: string): readonly AuditedCall[] {
  const base = `/api/${plural}/:namespace/:name/discussions`;
  const path = `/api/${plural}/acme/${type}/discussions`;
  const post = (hub: RunningHub, tail: string, body: unknown) =>
    hub.call("POST", `${path}${tail}`, { token: hub.adminToken, body });
  const open = async (hub: RunningHub, pullRequest = false) =>
    (await post(hub, "", { title: "A question", description: "text", pullRequest })).json.num;
  const on = (tail: string, body: unknown): AuditedCall => ({
    route: `POST ${base}/:num/${tail}`,
    prepare: async (hub) => {
      const num = await open(hub);
      return () => post(hub, `/${num}/${tail}`, body);
    },
  });
  const onComment = (tail: string, body: unknown): AuditedCall => ({
    route: `POST ${base}/:num/comment/:comment/${tail}`,
    prepare: async (hub) => {
      const num = await open(hub);
      const { id } = (await post(hub, `/${num}/comment`, { comment: "text" })).json.newMessage;
      return () => post(hub, `/${num}/comment/${id}/${tail}`, body);
    },
  });
  return [
    {
      route: `POST ${base}`,
      prepare: async (hub) => () => post(hub, "", { title: "A question", description: "text" }),
    },
    on("comment", { comment: "text" }),
    onComment("edit", { content: "other" }),
    onComment("hide", {}),
    on("title", { title: "Another title" }),
    on("status", { status: "closed" }),
    {
      route: `POST ${base}/:num/merge`,
      prepare: async (hub) => {
        const num = await open(hub, true);
        await post(hub, `/${num}/status`, { status: "open" });
        return () => post(hub, `/${num}/merge`, {});
      },
    },
  ];
}

function publisherCalls(pattern: string, path: string, access: string): readonly AuditedCall[] {
  const draft = (hub: RunningHub, workflow: string): Readonly<Record<string, unknown>> => ({
    provider: "github",
    issuer: hub.simulator.issuerUrl("github"),
    claims: { ...GITHUB_CLAIMS, workflow },
    access,
  });
  const add = (workflow: string) => (hub: RunningHub) =>
    hub.call("POST", `${path}/publishers`, { token: hub.adminToken, body: draft(hub, workflow) });
  const one = `${pattern}/publishers/:id`;
  return [
    { route: `POST ${pattern}/publishers`, prepare: async (hub) => () => add("first.yml")(hub) },
    withId("PATCH", one, add("second.yml"), { enabled: false }, path),
    withId("POST", `${one}/revoke-tokens`, add("third.yml"), {}, path),
    confirmTransfer(`${one}/confirm`, path, access),
    withId("DELETE", one, add("fourth.yml"), undefined, path),
  ];
}

function lfsDeletion(type: string, plural: string): AuditedCall {
  const prefix = type === "model" ? "" : `${plural}/`;
  return {
    route: `POST /api/${plural}/:namespace/:name/lfs-files/batch`,
    prepare: async (hub) => {
      const content = randomBytes(100);
      const object = announced(content);
      const { href } = await uploadAction(hub, `${prefix}acme/${type}`, object, ["basic"]);
      await sendBytes("PUT", href, content);
      const body = { deletions: { sha: [object.oid] } };
      return () => hub.call("POST", `/api/${plural}/acme/${type}/lfs-files/batch`, { token: hub.adminToken, body });
    },
  };
}

/** A publisher whose project belongs to another owner by now, as a job has shown. */
function confirmTransfer(route: string, path: string, access: string): AuditedCall {
  const project = { repository_id: "999", repository_owner_id: "1" };
  const to = { repository_owner_id: "2" };
  return {
    route: `POST ${route}`,
    prepare: async (hub) => {
      const body = { provider: "github", issuer: hub.simulator.issuerUrl("github"), claims: project, access };
      const made = await hub.call("POST", `${path}/publishers`, { token: hub.adminToken, body });
      const token = await hub.simulator.issueToken("github", { audience: hub.url, claims: { ...project, ...to } });
      const resource = path.replace(/^.*\/v1\/(?:models\/|users\/)?/, "");
      const refused = await hub.exchange(token, resource);
      if (refused.json.code !== "TP1912") throw new Error(`${route}: ${refused.text}`);
      const one = `${path}/publishers/${made.json.id}/confirm`;
      return () => hub.call("POST", one, { token: hub.adminToken, body: { accept: true, to } });
    },
  };
}

interface SimpleCall {
  /** Default: the route itself. */
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

function simple(method: string, route: string, { path = route, ...rest }: SimpleCall): AuditedCall {
  return {
    route: `${method} ${route}`,
    prepare: async (hub) => () => hub.call(method, path, { token: hub.adminToken, ...rest }),
  };
}

/** A call on something that is made first; `:id` is its id. */
function withId(
  method: string,
  route: string,
  make: (hub: RunningHub) => Promise<Answer>,
  body?: unknown,
  base?: string,
): AuditedCall {
  return {
    route: `${method} ${route}`,
    prepare: async (hub) => {
      const made = await make(hub);
      if (made.status >= 300) throw new Error(`${route}: ${made.status} ${made.text}`);
      const placed = base === undefined ? route : `${base}${route.slice(route.indexOf("/publishers/"))}`;
      const path = placed.replace(":id", made.json.id);
      return () => hub.call(method, path, { token: hub.adminToken, ...(body === undefined ? {} : { body }) });
    },
  };
}

async function newToken(hub: RunningHub): Promise<string> {
  const made = await hub.call("POST", `${API}/tokens`, { token: hub.adminToken, body: { user: "ada", role: "read" } });
  return made.json.token;
}

/** An issuer whose keys are given, so that nothing is fetched. A new URL each time. */
function uploadedIssuer(): { readonly url: string; readonly jwks: { readonly keys: readonly unknown[] } } {
  const jwk = { kty: "EC", crv: "P-256", alg: "ES256", kid: randomBytes(4).toString("hex") };
  return {
    url: `https://cluster-${randomBytes(4).toString("hex")}.example`,
    jwks: {
      keys: [
        {
          ...jwk,
          x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
          y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
      ],
    },
  };
}
