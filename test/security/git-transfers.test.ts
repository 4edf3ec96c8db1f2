import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realGit, withToken } from "../clients/real-git.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const folder = temporaryFolder("git-transfers");
const git = realGit(folder.path);
let hub: RunningHub;
let ada: string;
let tip: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  await hub.repo("ada/train", { token: ada });
  await git.ok(["clone", withToken(`${hub.url}/ada/train`, ada), "train"]);
  for (let index = 0; index < 3; index++) git.write({ [`train/part-${index}`]: randomBytes(9_000_000) });
  await git.ok(["add", "."], { cwd: "train" });
  await git.ok(["commit", "-m", "Parts"], { cwd: "train" });
  await git.ok(["push"], { cwd: "train" });
  tip = await git.ok(["rev-parse", "HEAD"], { cwd: "train" });
}, 60_000);
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const line = (text: string): string => `${(text.length + 4).toString(16).padStart(4, "0")}${text}`;
const wholeRepo = (): string =>
  `${line("command=fetch")}0001${line("no-progress")}${line(`want ${tip}\n`)}${line("done\n")}0000`;

function post(service: string, headers: Record<string, string> = {}): ClientRequest {
  const request = httpRequest(`${hub.url}/ada/train.git/${service}`, {
    method: "POST",
    headers: { "content-type": `application/x-${service}-request`, authorization: `Bearer ${ada}`, ...headers },
  });
  request.on("error", () => {});
  return request;
}

async function answerOf(
  request: ClientRequest,
): Promise<{ readonly status: number | undefined; readonly body: Buffer }> {
  const [response]: [IncomingMessage] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: Buffer.concat(chunks) };
}

/** Command lines of running git transfers of this hub, as the system lists them. */
function transfers(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    })
    .filter((text) => text.includes(hub.dataDir) && /upload-pack|pack-objects|index-pack/.test(text));
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition() && waited < 400; waited++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(condition()).toBe(true);
}

describe.skipIf(!existsSync("/proc/self/cmdline"))("a client that goes away (skipped where there is no /proc)", () => {
  it("in the middle of a clone ends its git processes", async () => {
    const request = post("git-upload-pack", { "git-protocol": "version=2" });
    request.end(wholeRepo());
    const [response]: [IncomingMessage] = (await once(request, "response")) as [IncomingMessage];
    await once(response, "data");
    response.pause();
    await until(() => transfers().length > 0);
    request.destroy();
    await until(() => transfers().length === 0);
  });

  it("in the middle of a push ends its git process and leaves nothing on the disk", async () => {
    const pack = Buffer.concat([Buffer.from("PACK\0\0\0\x02\0\0\0\x05", "latin1"), randomBytes(0)]);
    const request = post("git-receive-pack");
    request.write(`${line(`${"0".repeat(40)} ${tip} refs/heads/cut\0report-status side-band-64k`)}0000`);
    request.write(pack);
    await until(() => transfers().some((text) => text.includes("index-pack")));
    request.destroy();
    await until(() => transfers().length === 0);
    const leftovers = (): readonly string[] =>
      readdirSync(path.join(hub.dataDir, "repos"), { recursive: true, encoding: "utf8" }).filter((name) =>
        name.includes("tmp_objdir"),
      );
    await until(() => leftovers().length === 0);
    expect(await git.ok(["ls-remote", "origin"], { cwd: "train" })).not.toContain("refs/heads/cut");
  });
});

describe("a body", () => {
  it("may be gzip, as git sends long lists of what it has", async () => {
    const request = post("git-upload-pack", { "git-protocol": "version=2", "content-encoding": "gzip" });
    request.end(gzipSync(wholeRepo()));
    const { status, body } = await answerOf(request);
    expect(status).toBe(200);
    expect(body.includes("PACK")).toBe(true);
    expect(body.length).toBeGreaterThan(27_000_000);
  });

  it.each([
    ["that unpacks to gigabytes", () => gzipSync(Buffer.alloc(64 * 1024 * 1024, "0000")), 413],
    ["that is no gzip", () => Buffer.from("0000"), 400],
    ["that is cut off", () => gzipSync(wholeRepo()).subarray(0, 40), 400],
  ])("%s is refused", async (_what, content, wanted) => {
    const request = post("git-upload-pack", { "content-encoding": "gzip" });
    request.end(content());
    expect((await answerOf(request)).status).toBe(wanted);
  });

  it.each([
    ["is no list of lines", "hello, world", 400],
    ["begins with a line longer than it is", "fff0want", 400],
    ["has a command without a ref", `${line(`${"0".repeat(40)} ${"1".repeat(40)} `)}0000`, 400],
    [
      "names a ref twice",
      `${line(`${"1".repeat(40)} ${"0".repeat(40)} refs/heads/a\0`)}${line(`${"1".repeat(40)} ${"0".repeat(40)} refs/heads/a`)}0000`,
      400,
    ],
    ["turns nothing into nothing", `${line(`${"0".repeat(40)} ${"0".repeat(40)} refs/heads/a\0`)}0000`, 400],
  ])("of a push that %s is refused", async (_what, content, wanted) => {
    const request = post("git-receive-pack");
    request.end(content);
    const { status, body } = await answerOf(request);
    expect([status, body.toString()]).toEqual([
      wanted,
      expect.stringMatching(/^This is not what git sends|^This push cannot be read|^A push names/),
    ]);
  });

  it("of another type is refused, and the lone flush that git probes with is answered", async () => {
    const form = post("git-receive-pack", { "content-type": "application/x-www-form-urlencoded" });
    form.end("0000");
    expect((await answerOf(form)).status).toBe(415);
    const probe = post("git-receive-pack");
    probe.end("0000");
    expect(await answerOf(probe)).toEqual({ status: 200, body: Buffer.alloc(0) });
  });

  it.each([
    ["no pack at all", Buffer.from("not a pack, not at all")],
    ["a pack that promises too many objects", Buffer.from("PACK\0\0\0\x02\xff\xff\xff\xff", "latin1")],
    ["a pack that is cut off", Buffer.from("PACK\0\0\0\x02\0\0\0\x02\x95\x0a", "latin1")],
    // A blob of 2^40 bytes, it says.
    [
      "a pack with an object of a terabyte",
      Buffer.from("PACK\0\0\0\x02\0\0\0\x01\xb0\x80\x80\x80\x80\x80\x80\x10x\x9c\x01", "latin1"),
    ],
  ])("with %s moves nothing, and the pusher is told", async (_what, pack) => {
    const request = post("git-receive-pack");
    request.write(`${line(`${"0".repeat(40)} ${tip} refs/heads/bad\0report-status side-band-64k`)}0000`);
    request.end(pack);
    const { status, body } = await answerOf(request);
    expect(status).toBe(200);
    expect(body.toString("latin1")).toMatch(
      /(?:What was pushed is no pack|A push has at most|The pack is damaged|An object)/,
    );
    expect(body.toString("latin1")).toContain("ng refs/heads/bad");
    expect(await git.ok(["ls-remote", "origin"], { cwd: "train" })).not.toContain("refs/heads/bad");
  });
});

describe("git on the server", () => {
  it("heeds neither the server's environment nor a hook that lies in a repo", async () => {
    const bare = readdirSync(path.join(hub.dataDir, "repos"), { recursive: true, encoding: "utf8" }).find((name) =>
      /^[0-9a-f]{2}\/[0-9a-f]{24}\.git$/.test(name),
    );
    const hooks = path.join(hub.dataDir, "repos", bare ?? "", "hooks");
    const proof = path.join(folder.path, "hook-ran");
    mkdirSync(hooks, { recursive: true });
    for (const name of ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"])
      writeFileSync(path.join(hooks, name), `#!/bin/sh\ntouch ${proof}\n`, { mode: 0o755 });
    const before = { ...process.env };
    Object.assign(process.env, {
      GIT_OBJECT_DIRECTORY: "/nonexistent",
      GIT_EXEC_PATH: "/nonexistent",
      GIT_CONFIG_PARAMETERS: `'core.hooksPath=${hooks}'`,
      GIT_TRACE: path.join(folder.path, "trace"),
    });
    try {
      await git.ok(["push", "origin", "HEAD:refs/heads/quiet"], { cwd: "train", env: { ...before } });
      await git.ok(["fetch", "origin"], { cwd: "train", env: { ...before } });
    } finally {
      for (const name of ["GIT_OBJECT_DIRECTORY", "GIT_EXEC_PATH", "GIT_CONFIG_PARAMETERS", "GIT_TRACE"])
        delete process.env[name];
    }
    expect(existsSync(proof)).toBe(false);
    expect(existsSync(path.join(folder.path, "trace"))).toBe(false);
  });

  it.each(["version=2:evil=$(id)", "version=3", "x".repeat(300), "version=2;ls"])(
    "gets no Git-Protocol but what git sends: %j",
    async (header) => {
      const response = await fetch(`${hub.url}/ada/train/info/refs?service=git-upload-pack`, {
        headers: { "git-protocol": header },
      });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain("# service=git-upload-pack");
    },
  );

  it.each(["", "?service=git-upload-archive", "?service=git-upload-pack&service=git-receive-pack"])(
    "shows no files to the old protocol and knows two services only: %j",
    async (query) => {
      const response = await fetch(`${hub.url}/ada/train/info/refs${query}`);
      expect([response.status, response.headers.get("content-type")]).toEqual([403, "text/plain; charset=utf-8"]);
    },
  );
});
