import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { checkStorage } from "@postern/server/storage";
import { expect, it } from "vitest";
import { announced, sendBytes, uploadAction } from "../audit/lfs-upload.ts";
import { storedState } from "../audit/stored-state.ts";
import { type RealGit, realGit, withToken } from "../clients/real-git.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { smallDisk } from "../harness/small-disk.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const KIB = 1024;
const REPO = "root-admin/train";
const MEBIBYTES = 20;

/** A small disk of its own needs the right to mount one. */
const mayMount = ((): boolean => {
  using disk = smallDisk(1);
  return disk !== undefined;
})();

/** How much is left before each attempt: at some point in the middle of every kind of write the disk is full. */
const LEFT = [0, 4, 12, 32, 72, 160, 400, 900, 3000].map((kibibytes) => kibibytes * KIB);

/** One way to store something of about 600 KiB, and what was said. `refused` is the sentence that its client shows. */
type Attempt = (hub: RunningHub, git: RealGit, number: number) => Promise<{ readonly refused: string | undefined }>;

const push: Attempt = async (_hub, git, number) => {
  const cwd = "clone";
  await git.ok(["checkout", "-B", `branch-${number}`, "main"], { cwd });
  git.write({ [`clone/pushed-${number}.bin`]: randomBytes(600 * KIB) });
  await git.ok(["add", "."], { cwd });
  await git.ok(["commit", "-m", `push ${number}`], { cwd });
  const { code, stderr } = await git.run(["push", "origin", `HEAD:refs/heads/branch-${number}`], { cwd });
  if (code === 0) return { refused: undefined };
  expect(stderr).toMatch(/^remote: .*(?:no space left|audit)/im);
  return { refused: stderr };
};

const commit: Attempt = async (hub, _git, number) => {
  const lines = [
    { key: "header", value: { summary: `commit ${number}` } },
    {
      key: "file",
      value: {
        path: `committed-${number}.bin.txt`,
        content: randomBytes(600 * KIB).toString("base64"),
        encoding: "base64",
      },
    },
  ];
  const { status, text } = await hub.call("POST", `/api/models/${REPO}/commit/main`, {
    token: hub.adminToken,
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
  return judged(status, text);
};

const upload: Attempt = async (hub) => {
  const content = randomBytes(600 * KIB);
  const { href } = await uploadAction(hub, REPO, announced(content), ["basic"]);
  const { status, text } = await sendBytes("PUT", href, content);
  return judged(status, text);
};

/** 507 where the disk was found full, 503 where what was to be recorded could not be. */
function judged(status: number, text: string): { readonly refused: string | undefined } {
  if (status === 200) return { refused: undefined };
  expect([503, 507], text).toContain(status);
  expect(text).toMatch(status === 507 ? /no space left|disk is full/ : /audit/);
  return { refused: text };
}

it.skipIf(!mayMount).each([
  ["a push", push],
  ["a commit", commit],
  ["an upload", upload],
] as const)(
  "%s is taken or refused whole, whatever is left on the disk, and the server goes on",
  {
    timeout: 180_000,
  },
  async (_what, attempt) => {
    using disk = smallDisk(MEBIBYTES);
    if (disk === undefined) throw new Error("the disk could be mounted a moment ago");
    using folder = temporaryFolder("full-disk");
    const dataDir = path.join(disk.path, "data");
    await using hub = await startHub({ dataDir });
    await hub.repo(REPO);
    const git = realGit(folder.path);
    await git.ok(["clone", withToken(`${hub.url}/${REPO}`, hub.adminToken), "clone"]);
    let refusals = 0;
    for (const [number, left] of LEFT.entries()) {
      const before = storedState(dataDir);
      disk.fillUp(left);
      const { refused } = await attempt(hub, git, number);
      if (refused !== undefined) {
        refusals += 1;
        expect(storedState(dataDir), `${left} bytes left: ${refused}`).toBe(before);
        // Statements about the commits before are written in the background and take a moment.
        await expect.poll(() => unfinished(dataDir), { message: `${left} bytes left: ${refused}` }).toEqual([]);
      }
      // Reading needs no room.
      const read = await hub.call("GET", `/${REPO}/resolve/main/.gitattributes`);
      expect([read.status, read.text.includes("filter=lfs")], read.text).toEqual([200, true]);
      await git.ok(["fetch", "origin"], { cwd: "clone" });
      disk.makeRoom();
      if (refused !== undefined) expect(await attempt(hub, git, number + 100)).toEqual({ refused: undefined });
    }
    expect(refusals).toBeGreaterThan(0);
    const { findings } = await checkStorage({ dataDir, deep: true });
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  },
);

it.skipIf(!mayMount)(
  "a push is refused in words when there is room for bytes, but for no folder to put them in",
  async () => {
    using disk = smallDisk(MEBIBYTES, 400);
    if (disk === undefined) throw new Error("the disk could be mounted a moment ago");
    using folder = temporaryFolder("full-disk");
    await using hub = await startHub({ dataDir: path.join(disk.path, "data") });
    await hub.repo(REPO);
    const git = realGit(folder.path);
    await git.ok(["clone", withToken(`${hub.url}/${REPO}`, hub.adminToken), "clone"]);
    const crowd = path.join(disk.path, "crowd");
    mkdirSync(crowd);
    expect(() => {
      for (let number = 0; number < 1000; number++) writeFileSync(path.join(crowd, String(number)), "");
    }).toThrow("ENOSPC");
    const { refused } = await push(hub, git, 1);
    expect(refused).toMatch(/^remote: The server has no space left\. Nothing was changed/m);
    rmSync(crowd, { recursive: true });
    expect(await push(hub, git, 2)).toEqual({ refused: undefined });
  },
);

/** What a crash or a refusal may leave for a moment, and nobody reads. */
function unfinished(dataDir: string): readonly string[] {
  return readdirSync(dataDir, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\/tmp_|\/incoming\/.|refs\/(?!notes\/).*\.lock$/.test(name),
  );
}
