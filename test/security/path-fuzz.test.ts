import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { craft, craftCommit, craftPath, craftTree, pushCrafted } from "../harness/crafted-push.ts";
import { exactRequest } from "../harness/exact-request.ts";
import { type Answer, type RunningHub, startHub } from "../harness/running-hub.ts";
import { testSeed } from "../harness/seeded-random.ts";

const REPO = "root-admin/paths";
const RUNS = Number(process.env.POSTERN_FUZZ_RUNS ?? 25);
let hub: RunningHub;

beforeAll(async () => {
  hub = await startHub();
  await hub.repo(REPO);
});
afterAll(() => hub?.[Symbol.asyncDispose]());

/** Nobody may store any of these. */
const REFUSED: readonly string[] = [
  "..",
  ".",
  "../x",
  "a/../../x",
  "a/./b",
  "a//b",
  "a/",
  "/x",
  ".git",
  ".GIT",
  ".Git/config",
  "a/.gIt/hooks/post-checkout",
  ".git ",
  ".git.",
  ".git. . .",
  ".git:x",
  ".git::$INDEX_ALLOCATION",
  ".git ::$DATA",
  "git~1",
  "GIT~1/config",
  "git~1.",
  "git~1:x",
  ".g\u200cit",
  ".git\u200b",
  "\ufeff.git",
  ".gi\u206at/config",
  ".\u202egit",
  ".ｇｉｔ",
  ".gitmodules",
  ".GitModules ",
  "gitmod~1",
  "GI7EBA~1",
  "a\\b",
  "..\\x",
  ".git\\config",
  "a\0b",
  "a\nb",
  "a\rb",
  "a\tb",
  "\u0001",
  "\u001b[2J",
  "a\u007f",
  "x".repeat(256),
  `${"é".repeat(128)}`,
  `${"d/".repeat(2048)}x`,
  "\ufffd",
];

/** One for each reason to refuse it, and for each place that a check may forget. */
const ONE_OF_EACH: readonly string[] = [
  "../x",
  "a//b",
  "/x",
  "a/",
  "a/.GIT/config",
  ".g\u200cit",
  "git~1",
  ".git::$INDEX_ALLOCATION",
  ".gitmodules",
  "a\\b",
  "a\0b",
  "a\nb",
  "x".repeat(256),
  `${"d/".repeat(2048)}x`,
  "\ufffd",
];

/** Odd, and fine on every system that matters here: a name may be in the way of Windows without harming anybody. */
const ACCEPTED: readonly string[] = [
  "a",
  "-rf",
  "--upload-pack=x",
  " ",
  " a",
  "a ",
  "a.",
  "...",
  ".gitignore",
  ".gitattributes-x",
  ".github/workflows/x.yml",
  "git",
  "git~2",
  "a.git",
  ".git-x",
  "CON",
  "aux.txt",
  "a:b",
  "a|b?*<>\"'",
  "%2e%2e",
  "%00",
  "#?+&;=@",
  "é",
  "e\u0301",
  "模型/权重",
  "\u{1f600}",
  "x".repeat(255),
  `${"d/".repeat(500)}x`,
  "HEAD",
  "refs/heads/main",
  "objects/pack",
  "@{1}",
  "con\u0085",
];

/** Pieces that fault lies in, put together at random. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(".git", ".GIT", "git~1", ".", "..", "", "gitmod~1", ".gitmodules", "a") },
  {
    weight: 4,
    arbitrary: fc.constantFrom(" ", ".", ":", "\\", "~1", "\u200c", "\u200d", "\ufeff", "\u00ad", "::$DATA"),
  },
  { weight: 2, arbitrary: fc.string({ minLength: 1, maxLength: 4, unit: "binary" }) },
);
const segment = fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join(""));
const anyPath = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/"));

/** A title for each that fits on a line. */
const named = (paths: readonly string[]): readonly (readonly [string, string])[] =>
  paths.map((hostile) => [`${JSON.stringify(hostile).slice(0, 60)} (${Buffer.byteLength(hostile)} bytes)`, hostile]);

let count = 0;
/** Below a folder of its own, so that no case is in another one's way. */
const inFolderOfItsOwn = (hostile: string): string => `case-${++count}/${hostile}`;

async function verdicts(
  hostile: string,
): Promise<{ readonly api: Answer; readonly push: Awaited<ReturnType<typeof pushOf>> }> {
  const where = inFolderOfItsOwn(hostile);
  const [api, push] = await Promise.all([commit([file(where)]), pushOf(where)]);
  return { api, push };
}

const file = (where: string) => ({ key: "file", value: { path: where, content: "x\n", encoding: "utf-8" } });

function commit(lines: readonly unknown[]): Promise<Answer> {
  return hub.call("POST", `/api/models/${REPO}/commit/main`, {
    token: hub.adminToken,
    body: [{ key: "header", value: { summary: "a path" } }, ...lines].map((line) => JSON.stringify(line)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
}

async function pushOf(where: string | Buffer): ReturnType<typeof pushCrafted> {
  const objects = craftPath(where);
  return await pushTip(objects);
}

async function pushTip(objects: ReturnType<typeof craftPath>): ReturnType<typeof pushCrafted> {
  const to = objects.at(-1)?.oid ?? "";
  return await pushCrafted(`${hub.url}/${REPO}`, hub.adminToken, { ref: `refs/heads/pushed-${++count}`, to }, objects);
}

async function tips(): Promise<string> {
  return (await hub.call("GET", `/api/models/${REPO}/refs`)).text;
}

describe("a path in a commit and in a push", () => {
  it.each(named(REFUSED))("is refused by both: %s", async (_name, hostile) => {
    const before = await tips();
    const { api, push } = await verdicts(hostile);
    expect([api.status, api.json.code], api.text).toEqual([400, "BadRequest"]);
    expect(api.headers.get("x-error-message")).toMatch(/path/i);
    expect(push.moved, push.text).toBe(false);
    expect(push.status).toBe(200);
    expect(await tips()).toBe(before);
  });

  it.each(named(ACCEPTED))("is taken by both, and read again: %s", async (_name, odd) => {
    const { api, push } = await verdicts(odd);
    expect(push.moved, push.text).toBe(api.status === 200);
    expect(api.status, api.text).toBe(200);
  });

  it("has one verdict, whatever it is made of", async () => {
    const seed = testSeed("path-fuzz");
    await fc.assert(
      fc.asyncProperty(anyPath, async (hostile) => {
        const { api, push } = await verdicts(hostile);
        expect([200, 400]).toContain(api.status);
        expect(push.status).toBe(200);
        expect(push.moved, `${JSON.stringify(hostile)}: ${api.text} ${push.text}`).toBe(api.status === 200);
      }),
      { seed, numRuns: RUNS },
    );
  });

  it("is refused when its bytes are no UTF-8, in place of being stored under another name", async () => {
    for (const bytes of [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xae], [0xf4, 0x90, 0x80, 0x80]]) {
      const name = Buffer.from(bytes);
      expect((await pushOf(Buffer.concat([Buffer.from("bytes/"), name]))).moved, name.toString("hex")).toBe(false);
      const body = Buffer.concat([
        Buffer.from('{"key":"header","value":{"summary":"x"}}\n{"key":"file","value":{"content":"eA==","path":"bytes/'),
        name,
        Buffer.from('"}}\n'),
      ]);
      const answer = await fetch(`${hub.url}/api/models/${REPO}/commit/main`, {
        method: "POST",
        headers: { authorization: `Bearer ${hub.adminToken}`, "content-type": "application/x-ndjson" },
        body,
      });
      expect(answer.status, name.toString("hex")).toBe(400);
    }
  });
});

describe("a tree entry with a mode that no git writes", () => {
  const blob = craft("blob", "x\n");
  const hidden = craftTree([{ mode: "100644", name: "a\\b", oid: blob.oid }]);
  const fine = craftTree([{ mode: "100644", name: "inside", oid: blob.oid }]);

  it.each([
    ["a folder with a hostile path in it", "40755", hidden.oid],
    ["a folder with a hostile path in it", "47777", hidden.oid],
    ["a submodule", "160755", "a".repeat(40)],
    ["a submodule", "170000", blob.oid],
    ["a submodule", "10644", blob.oid],
  ])("goes for what git takes it for and is refused: %s, %s", async (_what, mode, oid) => {
    const tree = craftTree([{ mode, name: "entry", oid }]);
    const { moved, text } = await pushTip([blob, hidden, tree, craftCommit(tree.oid, mode)]);
    expect(moved, text).toBe(false);
  });

  it.each([
    ["a folder", "40755", fine.oid, "directory"],
    ["a file", "100664", blob.oid, "file"],
    ["a link", "120777", blob.oid, "file"],
  ])("goes for what git takes it for and is read so: %s, %s", async (_what, mode, oid, type) => {
    const tree = craftTree([{ mode, name: "entry", oid }]);
    const tip = craftCommit(tree.oid, mode);
    expect((await pushTip([blob, fine, tree, tip])).moved).toBe(true);
    const listed = await hub.call("GET", `/api/models/${REPO}/tree/${tip.oid}`);
    expect(listed.json, listed.text).toMatchObject([{ path: "entry", type }]);
  });

  it("does not hide behind a header that is called like a parent", async () => {
    const tree = craftTree([{ mode: "40000", name: "a", oid: hidden.oid }]);
    const who = "M <m@example.com> 1700000000 +0000";
    const tip = craft(
      "commit",
      `tree ${tree.oid}\nauthor ${who}\ncommitter ${who}\nparent ${"b".repeat(40)}\n\nforged\n`,
    );
    const { moved, text } = await pushTip([blob, hidden, tree, tip]);
    expect([moved, text.includes("ng refs/heads/")], text).toEqual([false, true]);
  });
});

describe("every route that takes a path", () => {
  const operations = (hostile: string) => [
    [file(hostile)],
    [{ key: "file", value: { path: hostile, content: "eA==".repeat(17_000), encoding: "base64" } }],
    [{ key: "lfsFile", value: { path: hostile, algo: "sha256", oid: "a".repeat(64), size: 1 } }],
    [{ key: "deletedFile", value: { path: hostile } }],
    [{ key: "deletedFolder", value: { path: hostile } }],
    [{ key: "copyFile", value: { path: "fine", srcPath: hostile } }],
    [{ key: "copyFile", value: { path: hostile, srcPath: "README.md" } }],
    [{ key: "file", value: { path: "fine", oldPath: hostile } }],
    [{ key: "file", value: { path: hostile, oldPath: "README.md" } }],
  ];

  it.each(named(ONE_OF_EACH))("refuses to change anything at %s", async (_name, hostile) => {
    const before = await tips();
    const post = (where: string, body: unknown) => hub.call("POST", where, { token: hub.adminToken, body });
    const answers = [
      ...(await Promise.all(operations(hostile).map(commit))),
      await post(`/api/models/${REPO}/preupload/main`, { files: [{ path: hostile, size: 1, sample: "" }] }),
      await post("/api/repos/create", { name: "never", files: [{ path: hostile, content: "x" }] }),
    ];
    // One slash at the end of a folder is how Python spells it; then there is no such folder.
    for (const [index, { status, text }] of answers.entries())
      expect(status, `${index}: ${text}`).toBeOneOf([400, 404]);
    expect(answers.filter(({ status }) => status === 404).length).toBeLessThanOrEqual(1);
    expect(await tips()).toBe(before);
    expect((await hub.call("GET", "/api/models/root-admin/never")).status).toBe(401);
  });

  it.each(named(REFUSED))("finds nothing at %s, however it is escaped", async (_name, hostile) => {
    const escaped = encodeURIComponent(hostile);
    for (const spelling of new Set([escaped, escaped.replaceAll("%2F", "/"), escaped.replaceAll(".", "%2e")])) {
      for (const view of [`/${REPO}/resolve/main/`, `/${REPO}/raw/main/`, `/api/models/${REPO}/tree/main/`]) {
        const { status, text } = await exactRequest("GET", hub.url, `${view}${spelling}`);
        expect(status, `${view}${spelling}: ${text}`).toBeOneOf([400, 404, 414]);
      }
    }
    const listed = await hub.call("POST", `/api/models/${REPO}/paths-info/main`, { body: { paths: [hostile] } });
    expect([listed.status, listed.json], listed.text).toEqual([200, []]);
    const cursor = Buffer.from(hostile).toString("base64url");
    expect((await hub.call("GET", `/api/models/${REPO}/tree/main?cursor=${cursor}`)).status).toBeOneOf([200, 400]);
  });
});

describe("attributes that git would not read", () => {
  it.each([".gitattributes", "a/.gitattributes", ".GITATTRIBUTES", "gitatt~1"])(
    "are refused in a commit as in a push: %s",
    async (name) => {
      const long = `*.bin ${"x".repeat(2042)}\n`;
      const sent = await commit([{ key: "file", value: { path: name, content: long, encoding: "utf-8" } }]);
      expect([sent.status, sent.json.error], sent.text).toEqual([400, expect.stringContaining("a line of more than")]);
      expect((await pushTip(craftPath(name, long))).moved).toBe(false);
      const fits = long.slice(1);
      expect((await commit([{ key: "file", value: { path: name, content: fits, encoding: "utf-8" } }])).status).toBe(
        200,
      );
      expect((await pushTip(craftPath(name, fits))).moved).toBe(true);
    },
  );

  it("are refused as the first file of a repo", async () => {
    const files = [{ path: ".gitattributes", content: "x".repeat(3000) }];
    const body = { name: "never", files };
    expect((await hub.call("POST", "/api/repos/create", { token: hub.adminToken, body })).status).toBe(400);
  });
});

it("leaves repos that git finds nothing wrong with", () => {
  for (const repo of globSync(path.join(hub.dataDir, "repos/??/*.git"))) {
    const found = execFileSync("git", ["-C", repo, "fsck", "--strict", "--no-dangling"], {
      encoding: "utf8",
      stdio: "pipe",
    });
    expect(found).not.toMatch(/error|missing|broken/);
  }
});
