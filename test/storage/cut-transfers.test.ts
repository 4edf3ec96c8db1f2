import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import path from "node:path";
import { checkStorage } from "@postern/server/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { announced, uploadAction, uploadBatch } from "../audit/lfs-upload.ts";
import { hasGitLfs, realGit, withToken } from "../clients/real-git.ts";
import { type Cut, type CuttingProxy, startCuttingProxy } from "../harness/cutting-proxy.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { seededRandom, testSeed } from "../harness/seeded-random.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

/** In all; shared out between the kinds below. The long form has 200. */
const CASES = Number(process.env.POSTERN_CUT_CASES ?? 24);
const REPO = "root-admin/train";
const SIZE = 300_000;
const PART = 64 * 1024 * 1024;

const folder = temporaryFolder("cut-transfers");
const git = realGit(folder.path);
const seed = testSeed("cut-transfers");
let hub: RunningHub;
let proxy: CuttingProxy;
/** A file in git and one in LFS that are there from the start, for downloads. */
const small = randomBytes(SIZE);
const large = randomBytes(SIZE);

beforeAll(async () => {
  hub = await startHub();
  proxy = await startCuttingProxy(hub.url);
  await hub.repo(REPO);
  expect((await storeLarge(hub.url, large)).whole).toBe(true);
  const { oid, size } = announced(large);
  const lfsFile = { key: "lfsFile", value: { path: "large.bin", algo: "sha256", oid, size } };
  const first = await commit(hub.url, "files", [file("small.txt", small), lfsFile]);
  expect(first.status, first.body.toString()).toBe(200);
  // Pushes are told of a commit that they have, however far main has moved; otherwise they would send everything anew.
  const base = await hub.call("POST", `/api/models/${REPO}/branch/base`, { token: hub.adminToken, body: {} });
  expect(base.status, base.text).toBe(200);
  // Without hooks and filters but where a case is about them.
  await git.ok(["clone", withToken(`${proxy.url}/${REPO}`, hub.adminToken), "plain"], { env: NO_LFS });
  if (!hasGitLfs) return;
  await git.ok(["clone", withToken(`${proxy.url}/${REPO}`, hub.adminToken), "with-lfs"]);
  await git.ok(["lfs", "install", "--local"], { cwd: "with-lfs" });
  // It waits for seconds between its own attempts; here the second attempt is ours.
  await git.ok(["config", "lfs.transfer.maxretries", "1"], { cwd: "with-lfs" });
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const NO_LFS = { GIT_LFS_SKIP_SMUDGE: "1" };

/** An answer, whole or as far as it came. */
interface Received {
  /** 0 when none came. */
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly whole: boolean;
}

/** On a connection of its own; never rejects, whatever becomes of the line. */
async function send(
  method: string,
  url: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly body?: Buffer } = {},
): Promise<Received> {
  const chunks: Buffer[] = [];
  let answer: IncomingMessage | undefined;
  try {
    const length = options.body === undefined ? {} : { "content-length": String(options.body.length) };
    const request = httpRequest(url, { method, agent: false, headers: { ...length, ...options.headers } });
    request.end(options.body);
    const [response]: IncomingMessage[] = await once(request, "response");
    // The request may still fail behind its answer.
    request.on("error", () => {});
    answer = response;
    for await (const chunk of response ?? []) chunks.push(chunk);
  } catch {
    // Cut.
  }
  const { statusCode: status = 0, headers = {}, complete: whole = false } = answer ?? {};
  return { status, headers, body: Buffer.concat(chunks), whole };
}

const bearer = (): Record<string, string> => ({ authorization: `Bearer ${hub.adminToken}` });

const file = (name: string, content: Buffer) => ({
  key: "file",
  value: { path: name, content: content.toString("base64"), encoding: "base64" },
});

function commit(origin: string, summary: string, lines: readonly unknown[], parentCommit?: string): Promise<Received> {
  const body = [{ key: "header", value: { summary, parentCommit } }, ...lines].map((line) => JSON.stringify(line));
  return send("POST", `${origin}/api/models/${REPO}/commit/main`, {
    headers: { ...bearer(), "content-type": "application/x-ndjson" },
    body: Buffer.from(body.join("\n")),
  });
}

/** The same signed URL, by way of this origin. */
function by(origin: string, href: string): string {
  const { pathname, search } = new URL(href);
  return `${origin}${pathname}${search}`;
}

async function storeLarge(origin: string, content: Buffer): Promise<Received> {
  const { href } = await uploadAction(hub, REPO, announced(content), ["basic"]);
  return await send("PUT", by(origin, href), { body: content });
}

async function tip(): Promise<string> {
  return (await hub.call("GET", `/api/models/${REPO}/revision/main`)).json.sha;
}

const digest = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

async function read(origin: string, where: string, from = 0): Promise<Received> {
  return await send("GET", `${origin}${where}`, from === 0 ? {} : { headers: { range: `bytes=${from}-` } });
}

/** A download that goes on where the line broke; the entity tag says that it is the same file. */
async function resumed(where: string, wanted: Buffer): Promise<void> {
  const before = await read(proxy.url, where);
  proxy.hold();
  const got = before.status === 200 ? before.body : Buffer.alloc(0);
  // A short body may never look like a whole one.
  if (before.whole) expect(digest(got)).toBe(digest(wanted));
  if (got.length === wanted.length) return expect(digest(got)).toBe(digest(wanted));
  const after = await read(proxy.url, where, got.length);
  expect(after.status).toBe(got.length === 0 ? 200 : 206);
  if (got.length > 0) expect(after.headers.etag).toBe(before.headers.etag);
  expect(digest(Buffer.concat([got, after.body]))).toBe(digest(wanted));
}

/** One kind of transfer. It is done once on a line that holds, which tells how many bytes there are to cut between. */
interface Kind {
  readonly name: string;
  /** How many of a hundred cases. */
  readonly share: number;
  readonly directions: readonly Cut["direction"][];
  /** Cut behind this many bytes at most, where the rest is more of the same. */
  readonly cutWithin?: number;
  /** Does it by way of the proxy, on the line as it is; looks at what became of it; then does it again on a line that holds. */
  readonly run: (number: number) => Promise<void>;
}

let counter = 0;

const kinds: readonly Kind[] = [
  {
    name: "an upload to LFS",
    share: 20,
    directions: ["up", "down"],
    run: async () => {
      const content = randomBytes(SIZE);
      const first = await storeLarge(proxy.url, content);
      proxy.hold();
      const held = async (): Promise<boolean> =>
        (await uploadBatch(hub, REPO, announced(content), ["basic"])).json.objects[0].actions === undefined;
      if (first.whole) expect([first.status, await held()]).toEqual([200, true]);
      if (!(await held())) {
        expect((await storeLarge(proxy.url, content)).status).toBe(200);
      }
      expect(await held()).toBe(true);
      const { oid, size } = announced(content);
      const named = `large-${++counter}.bin`;
      const done = await commit(hub.url, named, [
        { key: "lfsFile", value: { path: named, algo: "sha256", oid, size } },
      ]);
      expect(done.status, done.body.toString()).toBe(200);
      expect(digest((await read(hub.url, `/${REPO}/resolve/main/${named}`)).body)).toBe(oid);
    },
  },
  {
    name: "a part of an upload",
    share: 4,
    directions: ["up"],
    cutWithin: 4 * 1024 * 1024,
    run: async (number) => {
      const object = { oid: digest(Buffer.from(`parts ${seed} ${number}`)), size: 4 * PART + 1 };
      const { header = {} } = await uploadAction(hub, REPO, object, ["multipart"]);
      expect(Number(header.chunk_size)).toBe(PART);
      const url = by(proxy.url, String(header["00001"]));
      const parts = (): readonly string[] =>
        readdirSync(path.join(hub.dataDir, "lfs/parts"), { recursive: true, encoding: "utf8" }).filter((name) =>
          name.includes("00001-"),
        );
      const before = parts().length;
      const first = await send("PUT", url, { body: Buffer.alloc(PART) });
      proxy.hold();
      expect(parts()).toHaveLength(before + (first.status === 200 ? 1 : 0));
      if (first.status === 200) return;
      // A part that was cut off is no part, even if it is named when the upload is completed.
      const again = await send("PUT", url, { body: Buffer.alloc(PART) });
      expect([again.status, again.headers.etag]).toEqual([200, expect.stringMatching(/^".+"$/)]);
      expect(parts()).toHaveLength(before + 1);
    },
  },
  {
    name: "a commit",
    share: 20,
    directions: ["up", "down"],
    run: async () => {
      const content = randomBytes(SIZE / 3);
      const named = `committed-${++counter}.txt`;
      const before = await tip();
      const first = await commit(proxy.url, named, [file(named, content)], before);
      proxy.hold();
      if (first.whole) expect(first.status, first.body.toString()).toBe(200);
      const after = await tip();
      if (first.status === 200 && first.whole) expect(JSON.parse(first.body.toString()).commitOid).toBe(after);
      const stored = await read(hub.url, `/${REPO}/resolve/main/${named}`);
      expect(stored.status).toBe(after === before ? 404 : 200);
      // Whoever names the parent is told when the first attempt got through after all.
      const again = await commit(proxy.url, named, [file(named, content)], before);
      expect(again.status, again.body.toString()).toBe(after === before ? 200 : 412);
      expect(digest((await read(hub.url, `/${REPO}/resolve/main/${named}`)).body)).toBe(digest(content));
    },
  },
  {
    name: "a download of a file in git",
    share: 12,
    directions: ["up", "down"],
    run: () => resumed(`/${REPO}/resolve/main/small.txt`, small),
  },
  {
    name: "a download of an LFS file",
    share: 12,
    directions: ["up", "down"],
    run: () => resumed(`/${REPO}/resolve/main/large.bin`, large),
  },
  {
    name: "a push",
    share: 14,
    directions: ["up", "down"],
    run: () => pushCut("plain", NO_LFS, "pushed.txt"),
  },
  {
    name: "a clone",
    share: 10,
    directions: ["up", "down"],
    run: async (number) => {
      const into = `cloned-${number}`;
      const first = await git.run(["clone", `${proxy.url}/${REPO}`, into], { env: NO_LFS });
      proxy.hold();
      if (first.code !== 0) {
        await git.ok(["clone", `${proxy.url}/${REPO}`, into], { env: NO_LFS });
      }
      await git.ok(["fsck", "--strict"], { cwd: into });
      expect(readFileSync(path.join(git.home, into, "small.txt")).equals(small)).toBe(true);
      rmSync(path.join(git.home, into), { recursive: true });
    },
  },
  ...(hasGitLfs
    ? [
        {
          name: "a push by git-lfs",
          share: 8,
          directions: ["up", "down"],
          run: () => pushCut("with-lfs", {}, "pushed.bin"),
        } as const,
      ]
    : []),
];

async function pushCut(cwd: string, env: NodeJS.ProcessEnv, name: string): Promise<void> {
  const content = randomBytes(SIZE);
  const branch = `pushed-${++counter}`;
  git.write({ [`${cwd}/${name}`]: content });
  await git.ok(["add", name], { cwd, env });
  await git.ok(["commit", "-m", branch], { cwd, env });
  const wanted = await git.ok(["rev-parse", "HEAD"], { cwd });
  const { code } = await git.run(["push", "origin", `HEAD:refs/heads/${branch}`], { cwd, env });
  proxy.hold();
  const found = await hub.call("GET", `/api/models/${REPO}/revision/${branch}`);
  // All of it or nothing of it; and what git said is true.
  expect([found.status, found.json.sha]).toEqual(found.status === 404 ? [404, undefined] : [200, wanted]);
  if (code === 0) expect(found.status).toBe(200);
  await git.ok(["push", "origin", `HEAD:refs/heads/${branch}`], { cwd, env });
  const stored = await read(hub.url, `/${REPO}/resolve/${branch}/${name}`);
  expect([stored.status, digest(stored.body)]).toEqual([200, digest(content)]);
}

async function errors(deep: boolean): Promise<readonly unknown[]> {
  const { findings } = await checkStorage({ dataDir: hub.dataDir, deep });
  return findings.filter(({ severity }) => severity === "error");
}

describe(`a connection that breaks at a random point (${CASES} cases)`, () => {
  it.each(kinds.map((kind) => [kind.name, kind] as const))(
    "shows nothing half, and the second attempt succeeds: %s",
    { timeout: 900_000 },
    async (name, { share, directions, cutWithin, run }) => {
      const total = kinds.reduce((sum, kind) => sum + kind.share, 0);
      const cases = Math.max(1, Math.round((CASES * share) / total));
      const random = seededRandom(seed);
      proxy.start();
      await run(0);
      const bytes = { up: proxy.passed("up"), down: proxy.passed("down") };
      const before = proxy.breaks;
      for (let number = 1; number <= cases; number++) {
        const direction = directions[Math.floor(random() * directions.length)] ?? "up";
        const cut = {
          direction,
          bytes: Math.floor(random() * Math.min(bytes[direction], cutWithin ?? bytes[direction])),
          reset: random() < 0.5,
        };
        proxy.start(cut);
        try {
          await run(number);
        } catch (error) {
          throw new Error(`${name}, case ${number} of seed ${seed}: ${JSON.stringify(cut)}`, { cause: error });
        }
        if (number % 10 === 0) expect(await errors(false)).toEqual([]);
      }
      // Not every case: a transfer may be a little shorter than the one that was measured.
      expect(proxy.breaks - before).toBeGreaterThanOrEqual(Math.ceil(cases / 2));
      expect(await errors(false)).toEqual([]);
    },
  );

  it("leaves a data folder in which everything fits, and nothing that was half done", async () => {
    expect(await errors(true)).toEqual([]);
    const leftovers = (): readonly string[] =>
      readdirSync(hub.dataDir, { recursive: true, encoding: "utf8" }).filter((name) =>
        /\/tmp_|\/incoming\/.|refs\/(?!notes\/).*\.lock$/.test(name),
      );
    await expect.poll(leftovers, { timeout: 10_000 }).toEqual([]);
  });
});
