import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Principal } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { HubError } from "@postern/core/error/hub-error";
import { Refusal } from "@postern/core/error/refusal";
import { parseAccountName } from "@postern/core/resource/account-name";
import { parseRepoRef, repoKeyOf } from "@postern/core/resource/repo-ref";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LfsFileStore } from "../adapters/lfs-file-store.ts";
import type { LfsLinks } from "../lfs/lfs-links.ts";
import type { TransferSettings } from "../lfs/transfer-settings.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { registerLfsRoutes } from "./lfs-routes.ts";

const START = 1_800_000_000;
const TRAIN = `${"0".repeat(23)}1`;
const SECRET = `${"0".repeat(23)}2`;

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("missing");
  return value;
}

const accountName = (text: string) => must(parseAccountName(text));
const refOf = (id: string) => must(parseRepoRef("model", id.split("/")[0] ?? "", id.split("/")[1] ?? ""));

const repoOf = (repoId: string, id: string, visibility: "public" | "private"): StoredRepo => ({
  repo: refOf(id),
  repoId,
  visibility,
  createdAt: epochSeconds(START),
  updatedAt: epochSeconds(START),
  createdBy: "ada",
});

const user = (name: string, tokenRole: "read" | "write"): Principal => ({
  kind: "user",
  name: accountName(name),
  fullname: name,
  email: undefined,
  isAdmin: false,
  memberships: [],
  tokenId: `tok-${name}-${tokenRole}`,
  tokenName: "test",
  tokenRole,
});

const JOB: Principal = {
  kind: "repo-workload",
  tokenId: "tok-job",
  repo: refOf("ada/train"),
  repoId: TRAIN,
  access: "write",
  expiresAt: epochSeconds(START + 600),
  origin: {
    issuer: "https://issuer",
    subject: "job",
    provider: "github",
    publisherId: "p1",
    runUrl: undefined,
    source: {},
  },
};

const PRINCIPALS: ReadonlyMap<string, Principal> = new Map([
  ["Bearer hf_ada", user("ada", "write")],
  ["Bearer hf_reader", user("ada", "read")],
  ["Bearer hf_eve", user("eve", "write")],
  ["Bearer hf_job", JOB],
]);

let directory: string;
let origin: string;
let app: FastifyInstance;
let now: number;
let repos: Map<string, StoredRepo>;
let revoked: Set<string>;
let events: AuditEvent[];
let auditFails: boolean;
let settings: { -readonly [Name in keyof TransferSettings]: TransferSettings[Name] };
let links: LfsLinks;
let store: LfsFileStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-lfs-http-"));
  now = START;
  repos = new Map(
    [
      repoOf(TRAIN, "ada/train", "public"),
      repoOf(SECRET, "ada/secret", "private"),
      repoOf(`${"0".repeat(23)}3`, "eve/own", "public"),
    ].map((repo) => [repoKeyOf(repo.repo), repo]),
  );
  revoked = new Set();
  events = [];
  auditFails = false;
  settings = {
    urlLifetimeSeconds: 3600,
    multipartAbove: 1_000_000,
    chunkSize: 400_000,
    maxObjectSize: 1e9,
    idleSeconds: 60,
  };
  store = await LfsFileStore.open(directory);
  const linked = new Map<string, number>();
  links = {
    isLinked: async (repoId, oid) => linked.get(`${repoId} ${oid}`),
    claim: async (repoId, oid) => linked.get(`${repoId} ${oid}`),
    add: async ({ repoId, oid, size }) => {
      if (![...repos.values()].some((repo) => repo.repoId === repoId)) return "repo-missing";
      linked.set(`${repoId} ${oid}`, size);
      return "linked";
    },
  };
  app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  app.setErrorHandler((error, _, reply) => {
    if (!(error instanceof Refusal)) return reply.code(500).send({ error: String(error) });
    const { status, headers, body } = error.wire();
    return reply.code(status).headers(headers).send(body);
  });
  registerLfsRoutes(app, {
    store,
    links,
    audit: {
      record: async (event) => {
        if (auditFails) throw new HubError(503, "Unavailable", "audit_unavailable");
        events.push(event);
      },
    },
    gatekeeper: {
      identify: async (header) => {
        if (header === undefined) return { kind: "anonymous" };
        const principal = PRINCIPALS.get(header);
        if (principal === undefined) throw new HubError(401, "InvalidCredentials", "Invalid credentials");
        return principal;
      },
      isTokenLive: async (tokenId) => !revoked.has(tokenId),
      worksFrom: async () => true,
    },
    catalogue: {
      find: async (repo) => repos.get(repoKeyOf(repo)),
      findById: async (repoId) => [...repos.values()].find((repo) => repo.repoId === repoId),
    },
    accessRequests: { find: async () => undefined },
    pullUploads: { reserve: async () => "full" },
    clock: { now: () => epochSeconds(now) },
    ticketKey: randomBytes(32),
    newUploadId: () => randomBytes(16).toString("hex"),
    settings,
  });
  origin = await app.listen({ host: "127.0.0.1", port: 0 });
});

afterEach(async () => {
  await app.close();
  await rm(directory, { recursive: true, force: true });
});

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

interface BatchOptions {
  readonly token?: string | undefined;
  readonly repo?: string;
  readonly operation?: string;
  readonly transfers?: readonly string[];
  readonly [field: string]: unknown;
}

const postBatch = (objects: unknown, options: BatchOptions = {}): Promise<Response> => {
  const { token = "hf_ada", repo = "ada/train.git", operation = "upload", ...rest } = options;
  return fetch(`${origin}/${repo}/info/lfs/objects/batch`, {
    method: "POST",
    headers: {
      "content-type": "application/vnd.git-lfs+json",
      accept: "application/vnd.git-lfs+json",
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ operation, objects, hash_algo: "sha256", ...rest }),
  });
};

/** The one object of a batch's answer. */
async function askFor(bytes: Uint8Array, options: BatchOptions = {}): Promise<ObjectOfAnswer> {
  const response = await postBatch([{ oid: digestOf(bytes), size: bytes.length }], options);
  expect(response.status).toBe(200);
  const body: { objects: ObjectOfAnswer[] } = await response.json();
  return must(body.objects[0]);
}

interface Action {
  readonly href: string;
  readonly header?: Record<string, string>;
  readonly expires_in: number;
}
interface ObjectOfAnswer {
  readonly oid: string;
  readonly size: number;
  readonly actions?: { readonly upload?: Action; readonly verify?: Action; readonly download?: Action };
  readonly error?: { readonly code: number; readonly message: string };
}

async function uploadUrlFor(bytes: Uint8Array, options: BatchOptions = {}): Promise<string> {
  return must((await askFor(bytes, options)).actions?.upload).href;
}

const put = (href: string, body: Uint8Array<ArrayBuffer>): Promise<Response> => fetch(href, { method: "PUT", body });

/** Sends pieces with chunked encoding, or with the length that is given. */
async function putInPieces(
  href: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<number> {
  const request = httpRequest(href, { method: "PUT", headers });
  const answered = once(request, "response");
  for await (const piece of pieces) if (!request.write(piece)) await Promise.race([once(request, "drain"), answered]);
  request.end();
  const [response] = await answered;
  response.resume();
  return response.statusCode;
}

const stored = async (): Promise<string[]> =>
  (await readdir(directory, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name);

describe("a batch", () => {
  const bytes = randomBytes(1000);

  it("hands out upload and verify URLs on the request's own origin, and the upload goes through", async () => {
    const object = await askFor(bytes, { transfers: ["basic", "multipart"], ref: { name: "main" } });
    const { upload, verify } = must(object.actions);
    expect([object.oid, object.size]).toEqual([digestOf(bytes), 1000]);
    expect(must(upload).href.startsWith(`${origin}/api/lfs/objects/${object.oid}?ticket=`)).toBe(true);
    expect(must(upload).header).toBeUndefined();
    expect((await put(must(upload).href, bytes)).status).toBe(200);
    const verified = await fetch(must(verify).href, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer hf_whatever" },
      body: JSON.stringify({ oid: object.oid, size: 1000 }),
    });
    expect(verified.status).toBe(200);
    expect(events).toEqual([
      expect.objectContaining({
        event: "lfs.upload",
        outcome: "allowed",
        resource: "models/ada/train",
        actor: { kind: "user", name: "ada", tokenId: "tok-ada-write" },
        detail: { oid: object.oid, size: 1000 },
      }),
    ]);
  });

  it("answers in the LFS media type, and reads any other", async () => {
    const response = await fetch(`${origin}/ada/train/info/lfs/objects/batch`, {
      method: "POST",
      headers: { authorization: "Bearer hf_ada", "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ operation: "upload", objects: [], hash_algo: "sha_256" }),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/vnd\.git-lfs\+json(;|$)/);
    expect(await response.json()).toEqual({ transfer: "basic", hash_algo: "sha256", objects: [] });
  });

  it("gives neither actions nor an error for what the repo holds", async () => {
    await put(await uploadUrlFor(bytes), bytes);
    expect(await askFor(bytes)).toEqual({ oid: digestOf(bytes), size: 1000 });
  });

  it("asks again for an object whose file was lost", async () => {
    await put(await uploadUrlFor(bytes), bytes);
    await rm(join(directory, digestOf(bytes).slice(0, 2)), { recursive: true });
    expect((await askFor(bytes)).actions?.upload).toBeDefined();
  });

  it("judges each object alone", async () => {
    const response = await postBatch([
      { oid: digestOf(bytes), size: 1000 },
      { oid: digestOf(bytes).toUpperCase(), size: 1000 },
      { oid: "../../../etc/passwd", size: 1 },
      { oid: digestOf(bytes), size: -1 },
      { oid: digestOf(bytes), size: 1.5 },
      { oid: digestOf(bytes), size: 2e9 },
    ]);
    const body: { objects: ObjectOfAnswer[] } = await response.json();
    expect(body.objects.map((object) => object.error?.code)).toEqual([undefined, 422, 422, 422, 422, 422]);
  });

  it("answers a download only for what the repo holds", async () => {
    expect((await askFor(bytes, { operation: "download" })).error?.code).toBe(404);
    await put(await uploadUrlFor(bytes), bytes);
    const { download } = must((await askFor(bytes, { operation: "download", token: "" })).actions);
    const got = await fetch(must(download).href);
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it.each<[string, readonly string[] | undefined, string]>([
    ["nothing", undefined, "basic"],
    ["basic alone", ["basic", "ssh", "lfs-standalone-file"], "basic"],
    ["parts too", ["basic", "multipart", "xet"], "multipart"],
    ["parts alone", ["multipart"], "multipart"],
  ])("answers only with a transfer that was offered: %s", async (_, transfers, expected) => {
    const response = await postBatch([{ oid: digestOf(bytes), size: 2_000_000 }], transfers ? { transfers } : {});
    const body: { transfer: string } = await response.json();
    expect(body.transfer).toBe(expected);
  });

  it("keeps small objects in one piece although parts were offered", async () => {
    const response = await postBatch([{ oid: digestOf(bytes), size: 1_000_000 }], {
      transfers: ["basic", "multipart"],
    });
    expect((await response.json()).transfer).toBe("basic");
  });

  it.each<[string, BatchOptions, number]>([
    ["a hash we do not use", { hash_algo: "sha512" }, 409],
    ["transfers we do not speak", { transfers: ["xet"] }, 422],
    ["another operation", { operation: "delete" }, 400],
    ["objects that are no list", { objects: {} }, 400],
    ["too many objects", { objects: Array.from({ length: 1001 }, () => ({ oid: "0", size: 0 })) }, 413],
  ])("refuses %s", async (_, options, status) => {
    const response = await postBatch([], options);
    expect(response.status).toBe(status);
    expect(typeof (await response.json()).message).toBe("string");
  });

  it.each<[string, string, BatchOptions, number]>([
    ["anonymous upload", "ada/train", { token: "" }, 401],
    ["read-only token", "ada/train", { token: "hf_reader" }, 403],
    ["stranger", "ada/train", { token: "hf_eve" }, 403],
    ["stranger on a private repo", "ada/secret", { token: "hf_eve" }, 404],
    ["anonymous download from a private repo", "ada/secret", { token: "", operation: "download" }, 401],
    ["job of another repo", "ada/secret", { token: "hf_job" }, 404],
    ["bad token", "ada/train", { token: "hf_bad" }, 401],
    ["missing repo", "ada/none", {}, 404],
  ])("refuses by right: %s", async (_, repo, options, status) => {
    const response = await postBatch([], { ...options, repo: `${repo}.git` });
    expect(response.status).toBe(status);
    if (status === 401) {
      expect(response.headers.get("lfs-authenticate")).toMatch(/^Basic /);
      expect(response.headers.get("www-authenticate")).toMatch(/^Basic /);
    }
  });

  it("gives a job's URLs no longer life than its token has", async () => {
    expect(must((await askFor(bytes, { token: "hf_job" })).actions?.upload).expires_in).toBe(600);
    expect(must((await askFor(bytes)).actions?.upload).expires_in).toBe(3600);
  });

  it("says that there are no locks", async () => {
    const response = await fetch(`${origin}/ada/train.git/info/lfs/locks/verify`, {
      method: "POST",
      headers: { authorization: "Bearer hf_ada", "content-type": "application/vnd.git-lfs+json" },
      body: "{}",
    });
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("no file locks") });
  });
});

describe("an upload in one piece", () => {
  const bytes = randomBytes(300_000);

  it("is taken with chunked encoding", async () => {
    const href = await uploadUrlFor(bytes);
    expect(await putInPieces(href, [bytes.subarray(0, 7), bytes.subarray(7)])).toBe(200);
    expect((await askFor(bytes)).actions).toBeUndefined();
  });

  it("is taken empty", async () => {
    const empty = Buffer.alloc(0);
    expect((await put(await uploadUrlFor(empty), empty)).status).toBe(200);
    expect(await askFor(empty)).toEqual({ oid: digestOf(empty), size: 0 });
  });

  it("may be repeated", async () => {
    const href = await uploadUrlFor(bytes);
    expect([(await put(href, bytes)).status, (await put(href, bytes)).status]).toEqual([200, 200]);
  });

  it("is taken several times at once", async () => {
    const hrefs = await Promise.all([1, 2, 3, 4].map(() => uploadUrlFor(bytes)));
    const statuses = await Promise.all(hrefs.map(async (href) => (await put(href, bytes)).status));
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect(await stored()).toEqual([digestOf(bytes)]);
  });

  it("is refused with other bytes of the same length", async () => {
    const response = await put(await uploadUrlFor(bytes), randomBytes(300_000));
    expect(response.status).toBe(400);
    expect([await stored(), events]).toEqual([[], []]);
  });

  it("is refused by its Content-Length alone when that is wrong", async () => {
    const href = await uploadUrlFor(bytes);
    for (const length of [299_999, 300_001]) expect((await put(href, randomBytes(length))).status).toBe(400);
    expect(await stored()).toEqual([]);
  });

  it.each([299_999, 300_001, 900_000])("is refused with %i chunked bytes instead of 300000", async (length) => {
    const href = await uploadUrlFor(bytes);
    expect(await putInPieces(href, [randomBytes(length)])).toBe(400);
    expect(await stored()).toEqual([]);
  });

  it("leaves nothing when the connection is cut, and goes through the next time", async () => {
    const href = new URL(await uploadUrlFor(bytes));
    const socket = connect(Number(href.port), href.hostname);
    socket.write(`PUT ${href.pathname}${href.search} HTTP/1.1\r\nhost: ${href.host}\r\ncontent-length: 300000\r\n\r\n`);
    await new Promise((resolve) => socket.write(bytes.subarray(0, 150_000), resolve));
    while ((await stored()).length === 0) await new Promise(setImmediate);
    socket.destroy();
    while ((await stored()).length > 0) await new Promise(setImmediate);
    expect((await put(href.href, bytes)).status).toBe(200);
    expect(await stored()).toEqual([digestOf(bytes)]);
  });

  it("is told why it was refused although it listens only after the last byte", async () => {
    const large = randomBytes(8_000_000);
    const href = await uploadUrlFor(large, { transfers: ["basic"] });
    // No bytes fit: the refusal comes with the first ones, and eight megabytes are still on their way.
    await rm(join(directory, "incoming"), { recursive: true });
    const { hostname, port, pathname, search } = new URL(href);
    const socket = connect(Number(port), hostname).pause();
    const head = `PUT ${pathname}${search} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`;
    socket.write(`${head}${large.length.toString(16)}\r\n`);
    await new Promise((resolve) => socket.write(large, resolve));
    socket.write("\r\n0\r\n\r\n");
    const [answer] = await once(socket.resume(), "data");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 500 /);
    socket.destroy();
  });

  it("is answered and then cut off when it never ends", async () => {
    const { hostname, port, pathname, search } = new URL(await uploadUrlFor(bytes));
    const socket = connect(Number(port), hostname).on("error", () => {});
    const closed = new Promise((resolve) => socket.once("close", resolve));
    let answer = "";
    socket.on("data", (data) => {
      answer += String(data);
    });
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`);
    const piece = Buffer.concat([Buffer.from("f4240\r\n"), randomBytes(1_000_000), Buffer.from("\r\n")]);
    let sent = 0;
    const send = (): void => {
      do sent++;
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on("drain", send);
    send();
    await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(sent).toBeLessThan(100);
    expect(await stored()).toEqual([]);
  });

  it("is given up when no more bytes come", async () => {
    settings.idleSeconds = 0.02;
    const request = httpRequest(await uploadUrlFor(bytes), { method: "PUT" });
    request.write(bytes.subarray(0, 1000));
    await expect(once(request, "response")).rejects.toThrow();
    while ((await stored()).length > 0) await new Promise(setImmediate);
  });

  it("does not count when it cannot be written down", async () => {
    auditFails = true;
    expect((await put(await uploadUrlFor(bytes), bytes)).status).toBe(503);
    expect((await askFor(bytes)).actions?.upload).toBeDefined();
  });

  it("keeps memory flat for 300 MB", async () => {
    const block = randomBytes(1_000_000);
    const hash = createHash("sha256");
    for (let n = 0; n < 300; n++) hash.update(block);
    const response = await postBatch([{ oid: hash.digest("hex"), size: 300_000_000 }]);
    const body: { objects: ObjectOfAnswer[] } = await response.json();
    const href = must(body.objects[0]?.actions?.upload).href;
    let peak = 0;
    async function* blocks(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 300; n++) {
        yield block;
        peak = Math.max(peak, process.memoryUsage.rss());
      }
    }
    const before = process.memoryUsage.rss();
    expect(await putInPieces(href, blocks(), { "content-length": "300000000" })).toBe(200);
    const grown = Math.round((peak - before) / 1e6);
    console.info(`300 MB upload: memory grew by ${grown} MB, client and server together`);
    expect(grown).toBeLessThan(150);
  });
});

describe("a transfer URL", () => {
  const bytes = randomBytes(500);

  const refusal = async (href: string, method = "PUT"): Promise<number> =>
    (await fetch(href, { method, ...(method === "PUT" ? { body: bytes } : {}) })).status;

  it("dies with the token that asked for it", async () => {
    const href = await uploadUrlFor(bytes);
    revoked.add("tok-ada-write");
    expect(await refusal(href)).toBe(403);
    expect(await stored()).toEqual([]);
  });

  it("expires for transfers that begin too late, and not for one that began in time", async () => {
    const href = new URL(await uploadUrlFor(bytes));
    const request = httpRequest(href, { method: "PUT" });
    request.write(bytes.subarray(0, 100));
    while ((await stored()).length === 0) await new Promise(setImmediate);
    now = START + 3600;
    expect(await refusal(href.href)).toBe(403);
    request.end(bytes.subarray(100));
    const [response] = await once(request, "response");
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  it("is refused when any character of its ticket is changed", async () => {
    const href = await uploadUrlFor(bytes);
    const at = href.indexOf("ticket=") + "ticket=".length;
    for (let index = at; index < href.length; index += 7) {
      const changed = href[index] === "A" ? "B" : "A";
      expect(await refusal(href.slice(0, index) + changed + href.slice(index + 1))).toBe(403);
    }
    for (const altered of [href.slice(0, at), href.slice(0, -1), `${href}A`, `${href}.x`, `${href}&ticket=x`]) {
      expect(await refusal(altered)).toBe(403);
    }
  });

  it("is good for its own object and operation only", async () => {
    const other = randomBytes(500);
    const { upload, verify } = must((await askFor(bytes)).actions);
    const query = must(upload).href.slice(must(upload).href.indexOf("?"));
    expect(await refusal(`${origin}/api/lfs/objects/${digestOf(other)}${query}`)).toBe(403);
    expect(await refusal(`${origin}/api/lfs/objects/${digestOf(bytes)}/parts/1${query}`)).toBe(403);
    expect(await refusal(must(upload).href, "GET")).toBe(403);
    expect(await refusal(must(verify).href.replace("/verify", ""))).toBe(403);
  });

  it("is dead when the repo is gone", async () => {
    const href = await uploadUrlFor(bytes);
    repos.delete("model:ada/train");
    expect(await refusal(href)).toBe(404);
  });

  it("ignores an Authorization header", async () => {
    const href = await uploadUrlFor(bytes);
    const response = await fetch(href, { method: "PUT", body: bytes, headers: { authorization: "Bearer hf_bad" } });
    expect(response.status).toBe(200);
  });

  it("of a download answers ranges and HEAD", async () => {
    await put(await uploadUrlFor(bytes), bytes);
    const { download } = must((await askFor(bytes, { operation: "download" })).actions);
    const part = await fetch(must(download).href, { headers: { range: "bytes=100-199" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 100-199/500"]);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true);
    const head = await fetch(must(download).href, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "500"]);
  });

  it("of a download dies with its token, too", async () => {
    await put(await uploadUrlFor(bytes), bytes);
    const { download } = must((await askFor(bytes, { operation: "download" })).actions);
    revoked.add("tok-ada-write");
    expect((await fetch(must(download).href)).status).toBe(403);
  });
});

describe("another repo's object", () => {
  const secret = randomBytes(5000);

  it("is neither shown nor skipped: whoever names it has to send it", async () => {
    await put(await uploadUrlFor(secret, { repo: "ada/secret.git" }), secret);
    const eve = { token: "hf_eve", repo: "eve/own.git" };
    expect((await askFor(secret, { ...eve, operation: "download" })).error?.code).toBe(404);
    const { upload, verify } = must((await askFor(secret, eve)).actions);
    const claim = await fetch(must(verify).href, {
      method: "POST",
      body: JSON.stringify({ oid: digestOf(secret), size: 5000 }),
    });
    expect(claim.status).toBe(404);
    expect((await put(must(upload).href, randomBytes(5000))).status).toBe(400);
    expect((await askFor(secret, { ...eve, operation: "download" })).error?.code).toBe(404);
    // With the bytes in hand she may; they lie on the disk once.
    expect((await put(must(upload).href, secret)).status).toBe(200);
    expect((await askFor(secret, { ...eve, operation: "download" })).actions?.download).toBeDefined();
    expect(await stored()).toEqual([digestOf(secret)]);
  });
});

describe("an upload in parts", () => {
  const bytes = randomBytes(1_100_000);
  const offer = { transfers: ["basic", "multipart"] };

  async function begin(): Promise<{ href: string; header: Record<string, string>; verify: string }> {
    const { upload, verify } = must((await askFor(bytes, offer)).actions);
    return { href: must(upload).href, header: must(must(upload).header), verify: must(verify).href };
  }

  const partUrls = (header: Record<string, string>): string[] =>
    Object.keys(header)
      .filter((key) => /^[0-9]+$/.test(key))
      .toSorted((a, b) => Number(a) - Number(b))
      .map((key) => must(header[key]));

  const sendParts = (header: Record<string, string>): Promise<{ partNumber: number; etag: string }[]> =>
    Promise.all(
      partUrls(header).map(async (href, index) => {
        const response = await put(href, bytes.subarray(index * 400_000, (index + 1) * 400_000));
        expect(response.status).toBe(200);
        return { partNumber: index + 1, etag: response.headers.get("etag") ?? "" };
      }),
    );

  const complete = (href: string, parts: unknown, oid = digestOf(bytes)): Promise<Response> =>
    fetch(href, {
      method: "POST",
      headers: { "content-type": "application/vnd.git-lfs+json" },
      body: JSON.stringify({ oid, parts }),
    });

  it("goes through from batch to download", async () => {
    const { href, header } = await begin();
    expect(header.chunk_size).toBe("400000");
    expect(partUrls(header)).toHaveLength(3);
    const parts = await sendParts(header);
    expect(parts.every(({ etag }) => /^"[^"]+"$/.test(etag))).toBe(true);
    expect((await askFor(bytes, offer)).actions?.upload).toBeDefined();
    expect((await complete(href, parts)).status).toBe(200);
    expect(await askFor(bytes, offer)).toEqual({ oid: digestOf(bytes), size: bytes.length });
    expect(await stored()).toEqual([digestOf(bytes)]);
    const { download } = must((await askFor(bytes, { operation: "download" })).actions);
    const got = await fetch(must(download).href);
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
    expect(events).toHaveLength(1);
  });

  it("may be completed twice, in turn and at once", async () => {
    const { href, header } = await begin();
    const parts = await sendParts(header);
    const both = await Promise.all([complete(href, parts), complete(href, parts)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect((await complete(href, parts)).status).toBe(200);
  });

  it.each<[string, (parts: { partNumber: number; etag: string }[]) => unknown]>([
    ["a part missing", (parts) => parts.slice(0, 2)],
    ["a part too many", (parts) => [...parts, { partNumber: 4, etag: '"x"' }]],
    ["a made-up ETag", (parts) => parts.map((part) => ({ ...part, etag: '"0"' }))],
    ["parts that are no list", () => "all"],
    ["parts of another shape", () => [1, 2, 3]],
  ])("is refused with %s", async (_, change) => {
    const { href, header } = await begin();
    expect((await complete(href, change(await sendParts(header)))).status).toBe(400);
    expect((await askFor(bytes, offer)).actions?.upload).toBeDefined();
    expect(events).toEqual([]);
  });

  it("is refused for another object than the URL's", async () => {
    const { href, header } = await begin();
    expect((await complete(href, await sendParts(header), digestOf(randomBytes(1)))).status).toBe(400);
  });

  it("refuses a part of the wrong length", async () => {
    const { header } = await begin();
    const [first = "", , third = ""] = partUrls(header);
    expect((await put(first, bytes.subarray(0, 300_000))).status).toBe(400);
    expect((await put(third, bytes.subarray(0, 400_000))).status).toBe(400);
    expect(await stored()).toEqual([]);
  });

  it("does not mix with another upload of the same object", async () => {
    const one = await begin();
    const two = await begin();
    const parts = await sendParts(one.header);
    expect((await complete(two.href, parts)).status).toBe(400);
    expect((await complete(one.href, parts)).status).toBe(200);
  });
});
