import { execFileSync } from "node:child_process";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downloadFile } from "@huggingface/hub";
import { HubError } from "@postern/core/error/hub-error";
import { Refusal } from "@postern/core/error/refusal";
import { parseRepoRef, repoKeyOf } from "@postern/core/resource/repo-ref";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { type FastifyInstance, fastify } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GitRepositoriesOnDisk } from "../adapters/git/git-repositories-on-disk.ts";
import { LfsFileStore } from "../adapters/lfs-file-store.ts";
import { formatLfsPointer } from "../git/lfs-pointer.ts";
import { parseLfsOid } from "../lfs/lfs-oid.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { registerResolveRoutes } from "./resolve-routes.ts";

const TRAIN = "aa".repeat(12);
const SECRET = "bb".repeat(12);

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("missing");
  return value;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const blobId = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

const LARGE = randomBytes(900_000);
const FOREIGN = randomBytes(4000);
const TEXT = Buffer.from("hello, world\n");
const BIG_TEXT = randomBytes(600_000);
const pointerTo = (bytes: Uint8Array, size = bytes.length): Buffer =>
  Buffer.from(formatLfsPointer({ oid: sha256(bytes), size }));

const FILES: readonly (readonly [path: string, content: Buffer, mode?: string])[] = [
  ["README.md", TEXT],
  ["empty.txt", Buffer.alloc(0)],
  ["folder/nested file é.bin", BIG_TEXT],
  ["page.html", Buffer.from("<script>alert(1)</script>")],
  ["picture.svg", Buffer.from("<svg/>")],
  ["model.safetensors", pointerTo(LARGE)],
  ["foreign.bin", pointerTo(FOREIGN)],
  ["wrong-size.bin", pointerTo(LARGE, 899_999)],
  ["extended.bin", Buffer.concat([pointerTo(LARGE), Buffer.from("x 1\n")])],
  ["windows.bin", Buffer.from(pointerTo(LARGE).toString().replaceAll("\n", "\r\n"))],
  ["link", Buffer.from("/etc/passwd"), "120000"],
  ["link-to-object", pointerTo(LARGE), "120000"],
];

let directory: string;
let git: GitRepositoriesOnDisk;
let app: FastifyInstance;
let origin: string;
let commit: string;

/** Writes real history with git's own tools. */
async function importFiles(repoId: string): Promise<string> {
  const bare = git.directoryOf(repoId);
  await mkdir(join(bare, ".."), { recursive: true });
  execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", bare]);
  const stream: Buffer[] = [
    Buffer.from("commit refs/heads/main\ncommitter T <t@example.org> 1800000000 +0000\ndata 1\nx\n"),
  ];
  for (const [path, content, mode = "100644"] of FILES) {
    stream.push(
      Buffer.from(`M ${mode} inline ${JSON.stringify(path)}\ndata ${content.length}\n`),
      content,
      Buffer.from("\n"),
    );
  }
  execFileSync("git", ["-C", bare, "fast-import", "--quiet"], { input: Buffer.concat(stream) });
  execFileSync("git", ["-C", bare, "update-ref", "refs/pr/1", "refs/heads/main"]);
  return execFileSync("git", ["-C", bare, "rev-parse", "main"], { encoding: "utf8" }).trim();
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-resolve-"));
  git = new GitRepositoriesOnDisk({ dataDirectory: directory, nonce: randomUUID, startedAtMs: 0 });
  commit = await importFiles(TRAIN);
  await importFiles(SECRET);
  const store = await LfsFileStore.open(join(directory, "lfs"));
  const linked = new Map<string, number>();
  for (const [repoId, bytes] of [
    [TRAIN, LARGE],
    [SECRET, FOREIGN],
  ] as const) {
    const oid = must(parseLfsOid(sha256(bytes)));
    await store.receive(
      oid,
      bytes.length,
      (async function* () {
        yield bytes;
      })(),
    );
    linked.set(`${repoId} ${oid}`, bytes.length);
  }
  const repos = new Map<string, StoredRepo>();
  const addRepo = (repoId: string, kind: "model" | "dataset", name: string, visibility: "public" | "private"): void => {
    const repo = must(parseRepoRef(kind, "ada", name));
    const at = epochSeconds(1_800_000_000);
    repos.set(repoKeyOf(repo), { repo, repoId, visibility, createdAt: at, updatedAt: at, createdBy: "ada" });
  };
  addRepo(TRAIN, "model", "train", "public");
  addRepo(TRAIN, "dataset", "train", "public");
  addRepo(SECRET, "model", "secret", "private");
  app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  app.setErrorHandler((error, _, reply) => {
    if (!(error instanceof Refusal)) return reply.code(500).send({ error: String(error) });
    const { status, headers, body } = error.wire();
    return reply.code(status).headers(headers).type("application/json").send(body);
  });
  registerResolveRoutes(app, {
    gatekeeper: {
      identify: async (header) => {
        if (header === undefined) return { kind: "anonymous" };
        throw new HubError(401, "InvalidCredentials", "Invalid credentials");
      },
    },
    catalogue: { find: async (repo) => repos.get(repoKeyOf(repo)) },
    accessRequests: { find: async () => undefined },
    git,
    store,
    links: {
      isLinked: async (repoId, oid) => linked.get(`${repoId} ${oid}`),
      claim: async (repoId, oid) => linked.get(`${repoId} ${oid}`),
    },
  });
  origin = await app.listen({ host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
  await app.close();
  git.close();
  await rm(directory, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  fetch(`${origin}/${path}`, { method, headers });
const bodyOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const headersOf = (response: Response, ...names: string[]): (string | null)[] =>
  names.map((name) => response.headers.get(name));

describe("resolve", () => {
  it("gives a regular file with the headers that clients need", async () => {
    const response = await get("ada/train/resolve/main/README.md");
    expect(response.status).toBe(200);
    expect(headersOf(response, "x-repo-commit", "etag", "content-length", "accept-ranges", "content-encoding")).toEqual(
      [commit, `"${blobId(TEXT)}"`, "13", "bytes", null],
    );
    expect(headersOf(response, "x-linked-etag", "x-linked-size", "x-xet-hash")).toEqual([null, null, null]);
    expect((await bodyOf(response)).equals(TEXT)).toBe(true);
  });

  it("gives an LFS file's own bytes under their SHA-256", async () => {
    const response = await get("ada/train/resolve/main/model.safetensors");
    const tag = `"${sha256(LARGE)}"`;
    expect(headersOf(response, "etag", "x-linked-etag", "x-linked-size", "content-length")).toEqual([
      tag,
      tag,
      "900000",
      "900000",
    ]);
    expect((await bodyOf(response)).equals(LARGE)).toBe(true);
  });

  it("gives the pointer in raw", async () => {
    const response = await get("ada/train/raw/main/model.safetensors");
    expect(headersOf(response, "etag", "x-linked-etag")).toEqual([`"${blobId(pointerTo(LARGE))}"`, null]);
    expect((await bodyOf(response)).equals(pointerTo(LARGE))).toBe(true);
  });

  it("gives a blob that flows through a pipe", async () => {
    const response = await get("datasets/ada/train/resolve/main/folder/nested%20file%20%C3%A9.bin");
    expect((await bodyOf(response)).equals(BIG_TEXT)).toBe(true);
  });

  it.each(["main", "HEAD", "refs%2Fpr%2F1", "refs/pr/1", "COMMIT"])("takes the revision %s", async (revision) => {
    const response = await get(`ada/train/resolve/${revision.replace("COMMIT", commit)}/README.md`);
    expect([response.status, response.headers.get("x-repo-commit")]).toEqual([200, commit]);
    await response.body?.cancel();
  });

  it.each(["README.md", "model.safetensors", "empty.txt", "folder%2Fnested%20file%20%C3%A9.bin"])(
    "answers HEAD for %s like GET, without the bytes",
    async (path) => {
      const [head, full] = [
        await get(`ada/train/resolve/main/${path}`, {}, "HEAD"),
        await get(`ada/train/resolve/main/${path}`),
      ];
      const names = ["etag", "x-repo-commit", "content-length", "x-linked-size", "accept-ranges", "content-type"];
      expect([head.status, ...headersOf(head, ...names)]).toEqual([200, ...headersOf(full, ...names)]);
      expect(Number(head.headers.get("content-length"))).toBe((await bodyOf(full)).length);
      expect((await bodyOf(head)).length).toBe(0);
    },
  );

  it.each<[string, string, string, number]>([
    ["a missing path", "ada/train/resolve/main/none", "EntryNotFound", 404],
    ["a folder", "ada/train/resolve/main/folder", "EntryNotFound", 404],
    ["no path", "ada/train/resolve/main/", "EntryNotFound", 404],
    ["a missing revision", "ada/train/resolve/none/README.md", "RevisionNotFound", 404],
    ["a missing repo", "ada/none/resolve/main/README.md", "RepoNotFound", 401],
    ["a private repo", "ada/secret/resolve/main/README.md", "RepoNotFound", 401],
    ["a private repo in raw", "ada/secret/raw/main/README.md", "RepoNotFound", 401],
  ])("refuses %s in headers alone", async (_, path, code, status) => {
    const head = await get(path, {}, "HEAD");
    expect([head.status, head.headers.get("x-error-code")]).toEqual([status, code]);
    const full = await get(path);
    expect([full.status, full.headers.get("x-error-code")]).toEqual([status, code]);
    expect(full.headers.get("x-repo-commit")).toBe(code === "EntryNotFound" ? commit : null);
    await full.body?.cancel();
  });

  it.each(["ada/train/resolve/main/..%2f..%2fconfig", "ada/train/resolve/main/%2e%2e/%2e%2e/config"])(
    "does not climb out of the repo: %s",
    async (path) => {
      const response = await get(path);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect((await bodyOf(response)).toString()).not.toContain("bare");
    },
  );

  it("serves a symbolic link as its text, and never what it points to", async () => {
    expect((await bodyOf(await get("ada/train/resolve/main/link"))).toString()).toBe("/etc/passwd");
    expect((await bodyOf(await get("ada/train/resolve/main/link-to-object"))).equals(pointerTo(LARGE))).toBe(true);
  });

  it.each([
    ["another repo's object", "foreign.bin", pointerTo(FOREIGN)],
    ["an object under a wrong size", "wrong-size.bin", pointerTo(LARGE, 899_999)],
    ["a pointer with something behind it", "extended.bin", undefined],
    ["a pointer with other line ends", "windows.bin", undefined],
  ])("shows nothing but the blob itself for %s", async (_, path, content) => {
    const response = await get(`ada/train/resolve/main/${path}`);
    const expected = content ?? must(FILES.find(([name]) => name === path))[1];
    expect(headersOf(response, "etag", "x-linked-etag")).toEqual([`"${blobId(expected)}"`, null]);
    expect((await bodyOf(response)).equals(expected)).toBe(true);
  });

  it.each([
    ["page.html", "application/octet-stream", /^attachment;/],
    ["picture.svg", "application/octet-stream", /^attachment;/],
    ["README.md", "text/plain; charset=utf-8", /^inline;/],
    ["folder/nested%20file%20%C3%A9.bin", "application/octet-stream", /filename\*=UTF-8''nested%20file%20%C3%A9.bin$/],
  ])("lets no browser run %s", async (path, type, disposition) => {
    const response = await get(`ada/train/resolve/main/${path}`);
    expect(headersOf(response, "content-type", "x-content-type-options", "content-security-policy")).toEqual([
      type,
      "nosniff",
      "default-src 'none'; sandbox",
    ]);
    expect(response.headers.get("content-disposition")).toMatch(disposition);
    await response.body?.cancel();
  });
});

describe("ranges", () => {
  it.each(["model.safetensors", "folder/nested%20file%20%C3%A9.bin", "README.md"])("of %s are exact", async (path) => {
    const url = `ada/train/resolve/main/${path}`;
    const whole = await bodyOf(await get(url));
    const size = whole.length;
    const last = size - 1;
    const table: [string, number, number][] = [
      ["bytes=0-0", 0, 0],
      ["bytes=5-9", 5, 9],
      [`bytes=${last}-`, last, last],
      ["bytes=3-", 3, last],
      ["bytes=-4", size - 4, last],
      [`bytes=-${size + 50}`, 0, last],
      [`bytes=2-${size + 50}`, 2, last],
    ];
    for (const [range, start, end] of table) {
      const response = await get(url, { range });
      expect([response.status, ...headersOf(response, "content-range", "content-length")]).toEqual([
        206,
        `bytes ${start}-${end}/${size}`,
        String(end - start + 1),
      ]);
      expect((await bodyOf(response)).equals(whole.subarray(start, end + 1))).toBe(true);
    }
    for (const range of [`bytes=${size}-`, `bytes=${size + 1}-${size + 2}`, "bytes=-0"]) {
      const response = await get(url, { range });
      expect([response.status, response.headers.get("content-range")]).toEqual([416, `bytes */${size}`]);
      await response.body?.cancel();
    }
    for (const range of ["bytes=0-1,3-4", "bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=-"]) {
      const response = await get(url, { range });
      expect([response.status, (await bodyOf(response)).length]).toEqual([200, size]);
    }
  });

  it.each(["bytes=0-0", "bytes=0-", "bytes=-5"])("of an empty file succeed with a total of 0: %s", async (range) => {
    const response = await get("ada/train/resolve/main/empty.txt", { range });
    expect([response.status, ...headersOf(response, "content-range", "content-length", "etag")]).toEqual([
      200,
      "bytes */0",
      "0",
      `"${blobId(Buffer.alloc(0))}"`,
    ]);
  });

  it("are taken only for the version that If-Range names", async () => {
    const url = "ada/train/resolve/main/README.md";
    const range = { range: "bytes=0-0" };
    const tag = `"${blobId(TEXT)}"`;
    expect((await get(url, { ...range, "if-range": tag })).status).toBe(206);
    expect((await get(url, { ...range, "if-range": '"other"' })).status).toBe(200);
    expect((await get(url, { ...range, "if-range": `W/${tag}` })).status).toBe(200);
  });
});

it.each(["TAG", "W/TAG", '"x", TAG', "*"])("answers 304 for If-None-Match: %s", async (header) => {
  const tag = `"${sha256(LARGE)}"`;
  const response = await get("ada/train/resolve/main/model.safetensors", {
    "if-none-match": header.replace("TAG", tag),
  });
  expect([response.status, ...headersOf(response, "etag", "x-repo-commit")]).toEqual([304, tag, commit]);
});

it.each<[string, Buffer]>([
  ["README.md", TEXT],
  ["empty.txt", Buffer.alloc(0)],
  ["model.safetensors", LARGE],
  ["folder/nested file é.bin", BIG_TEXT],
])("gives %s to the unmodified JavaScript client, whole and in slices", async (path, content) => {
  const file = await downloadFile({ repo: { type: "model", name: "ada/train" }, path, hubUrl: origin });
  const bytes = Buffer.from(await must(file ?? undefined).arrayBuffer());
  expect([must(file ?? undefined).size, bytes.equals(content)]).toEqual([content.length, true]);
  if (content.length > 0) {
    const slice = Buffer.from(
      await must(file ?? undefined)
        .slice(3, 9)
        .arrayBuffer(),
    );
    expect(slice.equals(content.subarray(3, 9))).toBe(true);
  }
});

describe("trouble", () => {
  const url = "ada/train/resolve/main/model.safetensors";
  const path = (): string => {
    const oid = sha256(LARGE);
    return join(directory, "lfs", oid.slice(0, 2), oid.slice(2, 4), oid);
  };

  it.runIf(process.platform === "linux")("closes the file when the reader goes away", async () => {
    const openFiles = async (): Promise<number> => {
      const targets = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
      return (await Promise.all(targets)).filter((target) => target === path()).length;
    };
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.write(`GET /${url} HTTP/1.1\r\nhost: x\r\n\r\n`);
    while ((await openFiles()) === 0) await new Promise(setImmediate);
    socket.destroy();
    while ((await openFiles()) > 0) await new Promise(setImmediate);
  });

  it("serves nothing of a file that is not as long as its pointer says, not even to HEAD", async () => {
    await writeFile(path(), LARGE.subarray(0, 899_999));
    for (const method of ["GET", "HEAD"]) {
      const response = await get(url, {}, method);
      expect(response.status).toBe(500);
      expect((await bodyOf(response)).length).toBeLessThan(500);
    }
    await rm(path());
    expect((await get(url)).status).toBe(500);
    await writeFile(path(), LARGE);
    expect((await get(url)).status).toBe(200);
  });
});
