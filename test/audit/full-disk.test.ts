import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { smallDisk } from "../harness/small-disk.ts";
import { announced, sendBytes, uploadAction, uploadBatch } from "./lfs-upload.ts";
import { storedState } from "./stored-state.ts";

const MIB = 1024 * 1024;
const WHY_SKIPPED = "a small disk of its own needs the right to mount one";
const disks = [smallDisk(8), smallDisk(8)] as const;
afterAll(() => {
  for (const disk of disks) disk?.[Symbol.dispose]();
});

it("refuses every kind of change, changes nothing, and goes on when there is room again", async ({ skip }) => {
  const [disk] = disks;
  if (disk === undefined) return skip(WHY_SKIPPED);
  const dataDir = path.join(disk.path, "data");
  await using small = await startHub({ dataDir });
  await small.repo("root-admin/train");
  const claims = { provider: "github", issuer: small.simulator.issuerUrl("github"), claims: GITHUB_CLAIMS };
  expect((await small.publisher("models/root-admin/train", claims)).status).toBe(201);
  // Once before, so that the issuer's keys are known: what is looked at is the log.
  const early = await small.simulator.issueToken("github", { audience: small.url });
  expect((await small.exchange(early, "root-admin/train")).status).toBe(200);
  const subjectToken = await small.simulator.issueToken("github", { audience: small.url });
  const asAdmin = (method: string, where: string, body: unknown) =>
    small.call(method, where, { token: small.adminToken, body });
  const calls: readonly (readonly [string, () => Promise<Answer>])[] = [
    ["exchange", () => small.exchange(subjectToken, "root-admin/train")],
    ["publisher add", () => small.publisher("users/root-admin", claims)],
    ["token create", () => asAdmin("POST", "/api/postern/v1/tokens", { role: "read" })],
    ["repo create", () => asAdmin("POST", "/api/repos/create", { name: "another" })],
    ["commit", () => commitHello(small)],
  ];
  disk.fillUp();
  for (const [name, call] of calls) {
    const before = storedState(dataDir);
    const refused = await call();
    // 507: git found the disk full before anything was to be recorded.
    expect([503, 507], `${name}: ${refused.status} ${refused.text}`).toContain(refused.status);
    expect(storedState(dataDir), name).toBe(before);
  }
  disk.makeRoom();
  for (const [name, call] of calls) {
    const done = await call();
    expect(done.status, `${name}: ${done.text}`).toBeLessThan(300);
  }
  const events = await recorded(small);
  for (const event of ["token.exchange", "publisher.add", "token.create", "repo.create", "repo.commit"])
    expect(events).toContain(event);
});

it("refuses a large file that does not fit with 507, whole or in parts, records nothing of it, and goes on", async ({
  skip,
}) => {
  const [, disk] = disks;
  if (disk === undefined) return skip(WHY_SKIPPED);
  const dataDir = path.join(disk.path, "data");
  await using small = await startHub({ dataDir });
  const repo = "root-admin/train";
  await small.repo(repo);
  const large = randomBytes(12 * MIB);
  const { href } = await uploadAction(small, repo, announced(large), ["basic"]);
  // Nobody looks at the bytes of a part before all are there.
  const inParts = { oid: "a".repeat(64), size: 256 * MIB + 1 };
  const { header = {} } = await uploadAction(small, repo, inParts, ["basic", "multipart"]);
  const before = storedState(dataDir);

  const refusals = [
    await sendBytes("PUT", href, large),
    await sendBytes("PUT", String(header["00001"]), Buffer.alloc(Number(header.chunk_size))),
  ];
  for (const refused of refusals) {
    expect(refused.status, refused.text).toBe(507);
    expect(refused.text).toContain("no space left");
  }
  expect(storedState(dataDir)).toBe(before);
  expect(filesBelow(path.join(dataDir, "lfs"))).toEqual([]);
  expect(await recorded(small)).not.toContain("lfs.upload");
  for (const object of [announced(large), inParts])
    expect((await uploadBatch(small, repo, object, ["basic"])).json.objects[0].actions.upload).toBeDefined();

  // The room that the refused uploads took is free again at once, without anybody's help.
  expect((await commitHello(small)).status).toBe(200);
  const fitting = randomBytes(MIB);
  const { href: place } = await uploadAction(small, repo, announced(fitting), ["basic"]);
  disk.fillUp();
  expect([503, 507]).toContain((await sendBytes("PUT", place, fitting)).status);
  expect(await recorded(small)).not.toContain("lfs.upload");
  expect(filesBelow(path.join(dataDir, "lfs"))).toEqual([]);
  expect((await small.call("GET", `/${repo}/resolve/main/hello.txt`)).text).toBe("hello\n");

  disk.makeRoom();
  expect((await sendBytes("PUT", place, fitting)).status).toBe(200);
  expect((await recorded(small)).filter((event) => event === "lfs.upload")).toHaveLength(1);
  expect((await uploadBatch(small, repo, announced(fitting), ["basic"])).json.objects[0].actions).toBeUndefined();
});

function commitHello({ call, adminToken }: RunningHub): Promise<Answer> {
  const lines = [
    { key: "header", value: { summary: "Add a file" } },
    { key: "file", value: { path: "hello.txt", content: "aGVsbG8K", encoding: "base64" } },
  ];
  return call("POST", "/api/models/root-admin/train/commit/main", {
    token: adminToken,
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
}

/** The names of all that was recorded, oldest first. */
async function recorded({ call, adminToken }: RunningHub): Promise<readonly string[]> {
  const { text } = await call("GET", "/api/postern/v1/audit", { token: adminToken });
  return [...text.matchAll(/"event":"([^"]+)"/g)].map(([, event = ""]) => event);
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
