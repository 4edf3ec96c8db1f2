import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import path from "node:path";
import { checkStorage } from "@postern/server/storage";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { FINDING_CODES } from "../../packages/hub/src/fsck/finding.ts";
import { announced, sendBytes, uploadAction } from "../audit/lfs-upload.ts";
import { bareEnvironment, posternCommand, root, runCommand } from "../harness/run-command.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const OID = /^[0-9a-f]{64}$/;

/** One hub, copied for every case: a repo with a small and a large file, and another large file that nobody committed. */
describe("hub fsck", () => {
  const whole = temporaryFolder("fsck-whole");
  const copies = temporaryFolder("fsck");
  let hub: RunningHub;
  let oid: string;
  let spare: string;

  beforeAll(async () => {
    hub = await startHub({ dataDir: whole.path });
    await hub.repo("root-admin/train");
    const [committed, left] = [randomBytes(5000), randomBytes(300)];
    for (const bytes of [committed, left]) {
      await sendBytes("PUT", (await uploadAction(hub, "root-admin/train", announced(bytes), ["basic"])).href, bytes);
    }
    oid = announced(committed).oid;
    spare = announced(left).oid;
    const lines = [
      { key: "header", value: { summary: "a" } },
      { key: "file", value: { path: "config.json", content: "{}", encoding: "utf-8" } },
      { key: "lfsFile", value: { path: "model.bin", algo: "sha256", ...announced(committed) } },
    ];
    const done = await hub.call("POST", "/api/models/root-admin/train/commit/main", {
      token: hub.adminToken,
      headers: { "content-type": "application/x-ndjson" },
      body: lines.map((line) => JSON.stringify(line)).join("\n"),
    });
    expect(done.status, done.text).toBe(200);
    // The notes follow by themselves; every case copies this folder, and a copy in the middle of a write is none.
    const database = new Database(path.join(whole.path, "postern.db"), { readonly: true });
    const waiting = database.prepare("select 1 from provenance_statements where noted = 0");
    await vi.waitUntil(() => waiting.get() === undefined, { timeout: 30_000 });
    database.close();
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    whole[Symbol.dispose]();
    copies[Symbol.dispose]();
  });

  it("finds nothing beside a running server, by hand and by the command", async () => {
    expect(await checkStorage({ dataDir: whole.path, deep: true })).toMatchObject({
      findings: [],
      repos: 1,
      objects: 2,
    });
    const [node, postern] = posternCommand;
    const env = bareEnvironment(copies.path);
    const plain = await runCommand(node, [postern, "hub", "fsck", "--data", whole.path, "--json"], { env });
    expect([plain.code, JSON.parse(plain.stdout).ok]).toEqual([0, true]);
  });

  const repoOf = (data: string): string => {
    const folder = readdirSync(path.join(data, "repos")).find((name) => name.length === 2) ?? "";
    return path.join(data, "repos", folder, readdirSync(path.join(data, "repos", folder))[0] ?? "");
  };
  const objectOf = (data: string, name = oid): string =>
    path.join(data, "lfs", name.slice(0, 2), name.slice(2, 4), name);
  const sql = (data: string, statement: string): void => {
    const database = new Database(path.join(data, "postern.db"));
    database.pragma("foreign_keys = off");
    database.exec(statement);
    database.close();
  };
  /** Overwrites in the middle of a file, same length. */
  const flip = (file: string): void => {
    chmodSync(file, 0o644);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
  };
  const looseBlob = (data: string): string => {
    const text = "{}";
    const name = createHash("sha1").update(`blob ${text.length}\0${text}`).digest("hex");
    return path.join(repoOf(data), "objects", name.slice(0, 2), name.slice(2));
  };

  const CASES: readonly (readonly [string, string, (data: string) => void, boolean?])[] = [
    ["a table is gone", "table-missing", (data) => sql(data, "drop table lfs_links")],
    ["the table of links is empty", "table-empty", (data) => sql(data, "delete from lfs_links")],
    [
      "a row refers to nothing",
      "row-foreign",
      (data) => sql(data, `insert into lfs_links (repo_id, oid, size) values ('${"f".repeat(24)}', '${spare}', 300)`),
    ],
    ["a repo's directory is gone", "repo-missing", (data) => renameSync(repoOf(data), path.join(data, "elsewhere"))],
    ["a repo's row is gone", "repo-unlisted", (data) => sql(data, "pragma foreign_keys = on; delete from repos")],
    [
      "a note was left",
      "repo-unsettled",
      (data) => writeFileSync(path.join(data, "repos", "tmp", `${"e".repeat(24)}.unsettled`), ""),
    ],
    ["a git object is gone", "repo-damaged", (data) => rmSync(looseBlob(data))],
    ["a git object has other bytes", "repo-damaged", (data) => flip(looseBlob(data)), true],
    ["a ref is no ref", "ref-broken", (data) => writeFileSync(path.join(repoOf(data), "refs/heads/x"), "what\n")],
    ["the refs are gone", "refs-missing", (data) => rmSync(path.join(repoOf(data), "refs/heads/main"))],
    ["HEAD names nothing", "head-broken", (data) => writeFileSync(path.join(repoOf(data), "HEAD"), "")],
    ["a large file is gone", "object-missing", (data) => rmSync(objectOf(data))],
    ["a large file is cut", "object-size", (data) => writeFileSync(objectOf(data), "short")],
    ["a large file has other bytes", "object-digest", (data) => flip(objectOf(data)), true],
    [
      "something else lies among the large files",
      "object-foreign",
      (data) => writeFileSync(path.join(data, "lfs", "notes.txt"), ""),
    ],
    [
      "a large file in use is in quarantine",
      "object-quarantined",
      (data) => {
        const day = path.join(data, "lfs", "quarantine", "2026-11-01");
        writeFileSyncIn(day, oid, readFileSync(objectOf(data)));
        rmSync(objectOf(data));
      },
    ],
    ["a link is gone", "link-missing", (data) => sql(data, `delete from lfs_links where oid = '${oid}'`)],
    [
      "a link and a pointer differ in length",
      "link-size",
      (data) => sql(data, `update lfs_links set size = 7 where oid = '${oid}'`),
    ],
    ["a large file that nobody committed is gone", "link-dangling", (data) => rmSync(objectOf(data, spare))],
    [
      "an audit entry was changed",
      "audit-broken",
      (data) =>
        sql(
          data,
          "drop trigger audit_log_changes_nothing; update audit_log set resource = 'models/somebody/else' where seq = 2",
        ),
    ],
  ];

  it.each(CASES.map(([name, code, breakIt, deep = false]) => ({ name, code, breakIt, deep })))(
    "$name: $code",
    async ({ code, breakIt, deep }) => {
      const data = path.join(copies.path, randomBytes(6).toString("hex"));
      await cp(whole.path, data, { recursive: true });
      breakIt(data);
      const before = stateOf(data);
      const { findings } = await checkStorage({ dataDir: data, deep });
      expect(codesOf(findings)).toContain(code);
      for (const { message, advice } of findings)
        expect([message.length > 10, advice.length > 10]).toEqual([true, true]);
      expect(stateOf(data), "something was changed").toEqual(before);
      rmSync(data, { recursive: true });
    },
  );

  it("finds one thing where one thing is wrong", async () => {
    const data = path.join(copies.path, "one");
    await cp(whole.path, data, { recursive: true });
    rmSync(objectOf(data, spare));
    expect(codesOf((await checkStorage({ dataDir: data })).findings)).toEqual(["link-dangling"]);
    const [node, postern] = posternCommand;
    const told = await runCommand(node, [postern, "hub", "fsck", "--data", data], {
      env: bareEnvironment(copies.path),
    });
    expect([told.code, told.stdout]).toEqual([1, expect.stringContaining(`link-dangling: object ${spare}`)]);
  });

  it("has a page that explains every code, and no other", () => {
    const page = readFileSync(path.join(root, "docs/reference/fsck.md"), "utf8");
    const documented = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1] ?? "");
    expect(documented.toSorted()).toEqual(FINDING_CODES.toSorted());
  });

  function writeFileSyncIn(folder: string, name: string, bytes: Uint8Array): void {
    expect(name).toMatch(OID);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
  }
});

function codesOf(findings: readonly { readonly code: string }[]): readonly string[] {
  return findings.map(({ code }) => code);
}

/** Names and lengths of everything but what SQLite makes to read a database. */
function stateOf(data: string): readonly string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/-(?:wal|shm)$/.test(entry.name))
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return `${file} ${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
    })
    .toSorted();
}
