import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MemoryHub, startMemoryHub } from "../testing/memory-hub.ts";
import { type Finished, runBin } from "../testing/run-bin.ts";

let folder: string;
let hub: MemoryHub;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "postern-cli-"));
  hub = await startMemoryHub();
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, "model", path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
}

function postern(...words: readonly string[]): Promise<Finished> {
  return runBin(words, { env: { HF_ENDPOINT: hub.server.url, HF_TOKEN: "hf_canary0123456789" }, cwd: folder });
}

const SAMPLE = {
  "README.md": "---\nlicense: mit\n---\n",
  "empty.txt": "",
  "deep/er/a name with #, ? and ü.txt": "hello",
  "weights.bin": randomBytes(300_000),
};

describe("upload", () => {
  it("publishes a folder as one commit and creates the repo first", async () => {
    write({ ...SAMPLE, ".git/config": "secret", ".cache/huggingface/x": "left out" });
    const finished = await postern("upload", "acme/tiny-model", "model", "--json");
    expect(finished).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(finished.stdout)).toMatchObject({ repo: "acme/tiny-model", files: 4, bytes: 300_026 });
    expect([...hub.files.keys()].sort()).toEqual(Object.keys(SAMPLE).sort());
    expect(hub.files.get("weights.bin")?.equals(SAMPLE["weights.bin"])).toBe(true);
    expect(hub.server.seen.filter(({ url }) => url.endsWith("/repos/create"))).toHaveLength(1);
  });

  it("sends the token to the hub's own calls and never to storage", async () => {
    write(SAMPLE);
    await postern("upload", "acme/tiny-model", "model");
    const puts = hub.server.seen.filter(({ method }) => method === "PUT");
    expect(puts.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(hub.server.seen.find(({ url }) => url.includes("/commit/"))?.authorization).toBe(
      "Bearer hf_canary0123456789",
    );
  });

  it("says in a log what it did, and prints the commit's URL alone on stdout", async () => {
    write(SAMPLE);
    const { stdout, stderr } = await postern("upload", "acme/tiny-model", "model");
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/acme\/tiny-model\/commit\/[0-9a-f]{40}\n$/);
    expect(stderr).toContain("uploaded weights.bin (300.0 kB)");
    expect(stderr).toContain("warning: no licence");
    expect(stderr).not.toContain("\u001b");
  });

  it("prints nothing with --quiet", async () => {
    write(SAMPLE);
    expect(await postern("upload", "acme/tiny-model", "model", "--quiet")).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
  });

  it("asks for no creation when the repo exists, so that a job's token is not refused", async () => {
    hub.exists = true;
    write(SAMPLE);
    await postern("upload", "acme/tiny-model", "model");
    expect(hub.server.seen.some(({ url }) => url.endsWith("/repos/create"))).toBe(false);
  });

  it("keeps to --include and --exclude, and puts a folder below a path", async () => {
    write(SAMPLE);
    const finished = await postern(
      ...[
        "upload",
        "acme/tiny-model",
        "model",
        "v2/",
        "--include",
        "*.txt",
        "--include",
        "*.bin",
        "--exclude",
        "deep/",
      ],
    );
    expect(finished.exitCode).toBe(0);
    expect([...hub.files.keys()].sort()).toEqual(["v2/empty.txt", "v2/weights.bin"]);
  });

  it("puts a single file under its own name, or where it is told", async () => {
    write(SAMPLE);
    await postern("upload", "acme/tiny-model", "model/README.md");
    await postern("upload", "acme/tiny-model", "model/README.md", "docs/card.md");
    expect([...hub.files.keys()]).toEqual(["README.md", "docs/card.md"]);
  });

  it.each([
    ["a repo that may not be created", ["acme/tiny-model", "model", "--no-create"], 1, "does not exist"],
    ["a folder that is not there", ["acme/tiny-model", "absent"], 1, "absent does not exist"],
    ["a path that leads out of the repo", ["acme/tiny-model", "model", "../x"], 2, "is no path in a repo"],
    ["a name that is no repo id", ["tiny-model", "model"], 2, "is not a repo id"],
    ["filters that leave nothing", ["acme/tiny-model", "model", "--include", "*.none"], 1, "nothing to publish"],
  ])("refuses %s", async (_what, words, exitCode, sentence) => {
    write(SAMPLE);
    const finished = await postern("upload", ...words);
    expect(finished).toMatchObject({ exitCode, stdout: "" });
    expect(finished.stderr).toContain(sentence);
    expect(finished.stderr).toContain("next:");
    expect(hub.files.size).toBe(0);
  });
});

describe("download", () => {
  beforeEach(() => {
    for (const [path, content] of Object.entries(SAMPLE)) hub.files.set(path, Buffer.from(content));
  });

  it("writes every file with the bytes of the hub, into a folder with the repo's name", async () => {
    const finished = await postern("download", "acme/tiny-model", "--json");
    expect(finished).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(finished.stdout)).toMatchObject({ folder: join(folder, "tiny-model"), files: 4 });
    for (const [path, content] of Object.entries(SAMPLE)) {
      expect(readFileSync(join(folder, "tiny-model", path)).equals(Buffer.from(content))).toBe(true);
    }
  });

  it("does not fetch again what is there already, and repairs what is not the same", async () => {
    await postern("download", "acme/tiny-model", "--local-dir", "copy");
    const before = hub.server.seen.length;
    writeFileSync(join(folder, "copy", "README.md"), "---\nlicense: MIT\n---\n");
    await postern("download", "acme/tiny-model", "--local-dir", "copy");
    const resolved = hub.server.seen.slice(before).filter(({ url }) => url.includes("/resolve/"));
    expect(new Set(resolved.map(({ url }) => url.split("/").at(-1)))).toEqual(new Set(["README.md"]));
    expect(readFileSync(join(folder, "copy", "README.md"), "utf8")).toBe(SAMPLE["README.md"]);
  });

  it("takes single files and patterns", async () => {
    await postern(
      "download",
      "acme/tiny-model",
      "README.md",
      "empty.txt",
      "--exclude",
      "empty*",
      "--local-dir",
      "copy",
    );
    expect(readdirSync(join(folder, "copy"))).toEqual(["README.md"]);
  });

  it.each(["weights.bin", "README.md"])("keeps no file whose bytes differ from its hash: %s", async (path) => {
    hub.corrupt.add(path);
    const finished = await postern("download", "acme/tiny-model", "--local-dir", "copy");
    expect(finished.exitCode).toBe(1);
    expect(finished.stderr).toContain(`${path} arrived with other content`);
    expect(existsSync(join(folder, "copy", path))).toBe(false);
    expect(readdirSync(join(folder, "copy")).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it.each(["../escaped.txt", "a/../../escaped.txt", ".git/hooks/post-checkout", "/etc/escaped"])(
    "refuses a listing that leads out of the folder: %s",
    async (path) => {
      hub.files.set(path, Buffer.from("evil"));
      const finished = await postern("download", "acme/tiny-model", "--local-dir", "copy");
      expect(finished.exitCode).toBe(1);
      expect(finished.stderr).toContain("leads out of the folder");
      expect(existsSync(join(folder, "copy"))).toBe(false);
      expect(existsSync(join(folder, "escaped.txt"))).toBe(false);
    },
  );

  it("begins a file again when its connection breaks, and gives up after a few times", async () => {
    hub.cuts = 2;
    const finished = await postern("download", "acme/tiny-model", "weights.bin", "--local-dir", "copy");
    expect(finished.exitCode).toBe(0);
    expect(readFileSync(join(folder, "copy", "weights.bin")).equals(SAMPLE["weights.bin"])).toBe(true);
    hub.cuts = 9;
    const given = await postern("download", "acme/tiny-model", "weights.bin", "--local-dir", "other");
    expect(given.exitCode).toBe(1);
    expect(given.stderr).toContain("weights.bin broke off");
    expect(readdirSync(join(folder, "other"))).toEqual([]);
  });

  it("names a file that the repo does not have", async () => {
    const finished = await postern("download", "acme/tiny-model", "absent.txt");
    expect(finished.exitCode).toBe(1);
    expect(finished.stderr).toContain("has no file absent.txt");
  });
});
