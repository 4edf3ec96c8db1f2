import { execFileSync, spawnSync } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pushCrafted } from "../harness/crafted-push.ts";
import { type ExactAnswer, exactRequest } from "../harness/exact-request.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { testSeed } from "../harness/seeded-random.ts";

const REPO = "root-admin/refs";
const API = `/api/models/${REPO}`;
const RUNS = Number(process.env.POSTERN_FUZZ_RUNS ?? 25);
let hub: RunningHub;
let bare: string;
let tip: string;

beforeAll(async () => {
  hub = await startHub();
  await hub.repo(REPO);
  [bare = ""] = globSync(path.join(hub.dataDir, "repos/??/*.git"));
  tip = stored("rev-parse", "main").trim();
});
afterAll(() => hub?.[Symbol.asyncDispose]());

function stored(...args: readonly string[]): string {
  return execFileSync("git", ["--git-dir", bare, ...args], { encoding: "utf8", stdio: "pipe" });
}

/** The hub notes down who made a commit in the background. */
const OF_THE_HUB = /refs\/notes(?:$|\/provenance)/;

const refs = (): string =>
  stored("for-each-ref")
    .split("\n")
    .filter((line) => !OF_THE_HUB.test(line))
    .join("\n");

/** Refs, and whatever else a name could write to: nothing but branches and tags may ever differ. */
function everything(): string {
  const files = readdirSync(bare, { recursive: true, encoding: "utf8" }).filter((name) => !/^objects\/../.test(name));
  const lines = [
    ...refs().split("\n"),
    ...readFileSync(path.join(bare, "config"), "utf8").split("\n"),
    ...files.toSorted(),
  ];
  return lines.filter((line) => !OF_THE_HUB.test(line)).join("\n");
}

/** Names of a branch or a tag that nobody may have. */
const REFUSED: readonly string[] = [
  "..",
  "a..b",
  "../../config",
  "../tags/x",
  "@",
  "@{",
  "a@{1}",
  "x.lock",
  "a.lock/b",
  "X.LOCK",
  ".a",
  "a/.b",
  "a.",
  "a./b",
  "a/",
  "/a",
  "a//b",
  "a b",
  "a\tb",
  "a\nb",
  "a~1",
  "a^",
  "a^{commit}",
  "a:b",
  "a?b",
  "a*",
  "a[b",
  "a\\b",
  "a\0b",
  "\u0001",
  "a\u007f",
  "a\u0085b",
  "a\u2028b",
  "HEAD",
  "-x",
  "--upload-pack=x",
  "a".repeat(40),
  "0".repeat(40),
  "refs/heads/x",
  "refs/../x",
  "n".repeat(201),
  "é".repeat(101),
  "\ufffd",
];

const ACCEPTED: readonly string[] = [
  "a",
  "feature/x",
  "v1.0",
  "a@b",
  "@a",
  "{a}",
  "HEAD/x",
  "head",
  "FETCH_HEAD",
  "config",
  "main2",
  "a-",
  "a'b\"c",
  "a;b|c&d$e",
  "%2e%2e",
  "#1",
  "é",
  "e\u0301",
  "模型",
  "\u{1f600}",
  "a.lockx",
  "lock",
  "a".repeat(39),
  "n".repeat(200),
  "CON",
];

/** Places outside of branches and tags, or that only look like one. */
const ELSEWHERE: readonly string[] = [
  "HEAD",
  "FETCH_HEAD",
  "config",
  "main",
  "refs",
  "refs/",
  "refs/heads",
  "refs/heads/",
  "refs/tags/",
  "refs/heads/../../config",
  "refs/heads/../notes/x",
  "refs//heads/x",
  "/refs/heads/x",
  "./refs/heads/x",
  "REFS/HEADS/x",
  "refs/HEADS/x",
  "refs/notes/commits",
  "refs/replace/da39a3ee5e6b4b0d3255bfef95601890afd80709",
  "refs/remotes/origin/x",
  "refs/stash",
  "refs/bisect/bad",
  "refs/for/main",
  "refs/pull/1/head",
  "refs/pr/0",
  "refs/pr/01",
  "refs/pr/-1",
  "refs/pr/1x",
  "refs/pr/1/x",
  "refs/pr/9999999999",
  "refs/pr/1\n",
  "refs/x",
  "objects/x",
];

const named = (names: readonly string[]): readonly (readonly [string, string])[] =>
  names.map((name) => [`${JSON.stringify(name).slice(0, 60)} (${Buffer.byteLength(name)} bytes)`, name]);

const send = (method: string, where: string, body?: unknown): Promise<ExactAnswer> =>
  exactRequest(method, hub.url, `${API}/${where}`, { token: hub.adminToken, body });
const makeBranch = (name: string): Promise<ExactAnswer> => send("POST", `branch/${encodeURIComponent(name)}`, {});
const makeTag = (name: string): Promise<ExactAnswer> => send("POST", "tag/main", { tag: name });
const push = (ref: string | Buffer): ReturnType<typeof pushCrafted> =>
  pushCrafted(`${hub.url}/${REPO}`, hub.adminToken, { ref, to: tip }, []);

interface Verdict {
  readonly made: number;
  readonly pushed: boolean;
}

/** What the API and a push say to a name; whatever they made is gone afterwards. */
async function verdicts(name: string, kind: "branch" | "tag"): Promise<Verdict> {
  const ref = `refs/${kind === "branch" ? "heads" : "tags"}/${name}`;
  const remove = async (): Promise<void> => {
    const removed = await send("DELETE", `${kind}/${encodeURIComponent(name)}`);
    expect(removed.status, removed.text).toBe(200);
  };
  const made = await (kind === "branch" ? makeBranch(name) : makeTag(name));
  if (made.status === 200) await remove();
  const pushed = await push(ref);
  // A line break or NUL ends the line in which a push names its refs.
  expect(pushed.status, pushed.text).toBeOneOf([200, 400]);
  if (pushed.moved) await remove();
  return { made: made.status, pushed: pushed.moved };
}

function gitTakes(name: string): boolean {
  return !name.includes("\0") && spawnSync("git", ["check-ref-format", `refs/heads/${name}`]).status === 0;
}

describe("the name of a branch or tag", () => {
  it.each(named(REFUSED))("is refused by the API and in a push: %s", async (_name, name) => {
    const before = everything();
    expect((await makeBranch(name)).status).toBe(400);
    expect((await makeTag(name)).status).toBe(400);
    for (const folder of ["heads", "tags"]) {
      const { moved, text } = await push(`refs/${folder}/${name.replaceAll("\0", "\u0002")}`);
      expect(moved, text).toBe(false);
    }
    expect(everything()).toBe(before);
  });

  it.each(named(ACCEPTED))("is taken by the API and in a push, and git takes it: %s", async (_name, name) => {
    const before = refs();
    expect(await verdicts(name, "branch")).toEqual({ made: 200, pushed: true });
    expect(await verdicts(name, "tag")).toEqual({ made: 200, pushed: true });
    expect(gitTakes(name)).toBe(true);
    expect(refs()).toBe(before);
  });

  it("has one verdict, whatever it is made of, and never one that git would not take", async () => {
    const piece = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom("a", "b", "/", ".", "..", "@", "{", ".lock", "-", "HEAD", "refs/") },
      { weight: 2, arbitrary: fc.string({ minLength: 1, maxLength: 3, unit: "grapheme" }) },
      { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 3, unit: "binary" }) },
    );
    const anyName = fc
      .array(piece, { minLength: 1, maxLength: 4 })
      .map((pieces) => pieces.join(""))
      .filter((name) => name !== "main");
    const before = refs();
    await fc.assert(
      fc.asyncProperty(anyName, fc.constantFrom("branch" as const, "tag" as const), async (name, kind) => {
        const { made, pushed } = await verdicts(name, kind);
        expect([200, 400]).toContain(made);
        expect(pushed, JSON.stringify(name)).toBe(made === 200);
        if (pushed) expect(gitTakes(name)).toBe(true);
      }),
      { seed: testSeed("ref-fuzz"), numRuns: RUNS },
    );
    expect(refs()).toBe(before);
  });

  it("is refused when its bytes are no UTF-8, in place of being stored under another name", async () => {
    const before = everything();
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xae]]) {
      const { moved, status } = await push(Buffer.concat([Buffer.from("refs/heads/x"), Buffer.from(bytes)]));
      expect([moved, status]).toEqual([false, 400]);
      const tagged = await fetch(`${hub.url}${API}/tag/main`, {
        method: "POST",
        headers: { authorization: `Bearer ${hub.adminToken}`, "content-type": "application/json" },
        body: Buffer.concat([Buffer.from('{"tag":"x'), Buffer.from(bytes), Buffer.from('"}')]),
      });
      expect(tagged.status).toBe(400);
      const escaped = bytes.map((byte) => `%${byte.toString(16)}`).join("");
      expect((await send("POST", `branch/x${escaped}`, {})).status).toBe(400);
    }
    expect(everything()).toBe(before);
  });
});

describe("a push to a ref that is no branch and no tag", () => {
  it.each(named(ELSEWHERE))("moves nothing: %s", async (_name, ref) => {
    const before = everything();
    const { moved, text } = await push(ref);
    expect(moved, text).toBe(false);
    expect((await pushCrafted(`${hub.url}/${REPO}`, hub.adminToken, { ref, old: tip }, [])).moved).toBe(false);
    expect(everything()).toBe(before);
  });
});

describe("every route that takes a revision", () => {
  const reading = REFUSED.filter((name) => name !== "HEAD" && name !== "@");

  it.each(named([...reading, ...ELSEWHERE.filter((ref) => ref !== "HEAD" && ref !== "main")]))(
    "says that there is no %s",
    async (_name, name) => {
      const before = everything();
      const escaped = encodeURIComponent(name);
      const answers: readonly (readonly [string, ExactAnswer])[] = await Promise.all(
        (
          [
            ["GET", `/${REPO}/resolve/${escaped}/README.md`],
            ["GET", `/${REPO}/raw/${escaped}/README.md`],
            ["GET", `${API}/revision/${escaped}`],
            ["GET", `${API}/commits/${escaped}`],
            ["GET", `${API}/tree/${escaped}`],
            ["POST", `${API}/paths-info/${escaped}`, { paths: ["README.md"] }],
            ["POST", `${API}/preupload/${escaped}`, { files: [] }],
            ["POST", `${API}/commit/${escaped}`, '{"key":"header","value":{"summary":"x"}}'],
            ["POST", `${API}/super-squash/${escaped}`, {}],
            ["POST", `${API}/branch/from-nowhere`, { startingPoint: name }],
            ["POST", `${API}/tag/${escaped}`, { tag: "from-nowhere" }],
            ["DELETE", `${API}/branch/${escaped}`],
            ["DELETE", `${API}/tag/${escaped}`],
            ["GET", `/api/postern/v1/models/${REPO}/provenance/${escaped}`],
            ["GET", `/api/postern/v1/models/${REPO}/provenance-bundle/${escaped}`],
          ] as const
        ).map(
          async ([method, where, body]) =>
            [
              `${method} ${where}`,
              await exactRequest(method, hub.url, where, { token: hub.adminToken, body }),
            ] as const,
        ),
      );
      for (const [what, { status, text }] of answers) expect(status, `${what}: ${text}`).toBeOneOf([400, 404]);
      expect(everything()).toBe(before);
    },
  );
});
