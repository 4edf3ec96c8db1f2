import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import path from "node:path";
import { downloadFile, listFiles, uploadFiles } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderDigest } from "../harness/folder-digest.ts";
import { bareEnvironment, posternCommand, runCommand } from "../harness/run-command.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { AWKWARD_FILES, isLarge, writeAwkwardFiles } from "./awkward-files.ts";
import { pythonCheckout, runPython } from "./python-hf.ts";
import { hasGitLfs, realGit, withToken } from "./real-git.ts";

// What one client writes, every other reads, byte for byte and name for name.

type Digests = Readonly<Record<string, string>>;
const digestOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");
const SENT: Digests = Object.fromEntries([...AWKWARD_FILES].map(([name, content]) => [name, digestOf(content)]));

let hub: RunningHub;
let folder: TemporaryFolder;
let ada: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  folder = temporaryFolder("round-trip");
  writeAwkwardFiles(path.join(folder.path, "source"));
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

/** A folder that nobody else uses, with a git whose large files travel by LFS. */
async function workplace(name: string) {
  const home = path.join(folder.path, name);
  mkdirSync(home, { recursive: true });
  const git = realGit(home);
  await git.ok(["lfs", "install"]);
  return { home, git, source: path.join(folder.path, "source") };
}

async function writeByApi(repo: string): Promise<void> {
  const large = [...AWKWARD_FILES].filter(([name, content]) => isLarge(name) && content.length > 0);
  const objects = large.map(([, content]) => ({ oid: digestOf(content), size: content.length }));
  const batch = await hub.call("POST", `/${repo}.git/info/lfs/objects/batch`, {
    token: ada,
    body: { operation: "upload", transfers: ["basic"], objects },
  });
  for (const [at, [, content]] of large.entries()) {
    const put = await fetch(batch.json.objects[at].actions.upload.href, {
      method: "PUT",
      body: new Uint8Array(content),
    });
    expect(put.status).toBe(200);
  }
  const lines = [...AWKWARD_FILES].map(([name, content]) =>
    isLarge(name) && content.length > 0
      ? { key: "lfsFile", value: { path: name, algo: "sha256", oid: digestOf(content), size: content.length } }
      : { key: "file", value: { path: name, content: content.toString("base64"), encoding: "base64" } },
  );
  const body = [{ key: "header", value: { summary: "All" } }, ...lines].map((line) => JSON.stringify(line)).join("\n");
  const headers = { "content-type": "application/x-ndjson" };
  const commit = await hub.call("POST", `/api/models/${repo}/commit/main`, { token: ada, body, headers });
  expect(commit.status, commit.text).toBe(200);
}

async function writeByGit(repo: string): Promise<void> {
  const { home, git } = await workplace("git-writer");
  await git.ok(["clone", withToken(`${hub.url}/${repo}`, ada), "repo"]);
  writeAwkwardFiles(path.join(home, "repo"));
  await git.ok(["add", "--all"], { cwd: "repo" });
  await git.ok(["commit", "-m", "All"], { cwd: "repo" });
  await git.ok(["push"], { cwd: "repo" });
}

async function writeByJavaScript(repo: string): Promise<void> {
  const files = [...AWKWARD_FILES].map(([name, content]) => ({
    path: name,
    content: new Blob([new Uint8Array(content)]),
  }));
  await uploadFiles({ hubUrl: hub.url, accessToken: ada, repo, files });
}

async function postern(name: string, args: readonly string[]): Promise<void> {
  const { home } = await workplace(name);
  const [program, script] = posternCommand;
  const { code, stdout, stderr } = await runCommand(program, [script, ...args], {
    env: { ...bareEnvironment(home), HF_ENDPOINT: hub.url, HF_TOKEN: ada },
    cwd: home,
  });
  expect(code, stdout + stderr).toBe(0);
}

async function python(name: string, program: string): Promise<void> {
  const { home } = await workplace(name);
  const { code, stderr } = await runPython(program, { home, env: { HF_ENDPOINT: hub.url, HF_TOKEN: ada } });
  expect(code, stderr).toBe(0);
}

interface Writer {
  readonly name: string;
  readonly missing?: boolean;
  write(repo: string): Promise<void>;
}

const WRITERS: readonly Writer[] = [
  { name: "a commit through the API", write: writeByApi },
  { name: "git with git-lfs", missing: !hasGitLfs, write: writeByGit },
  { name: "@huggingface/hub", write: writeByJavaScript },
  {
    name: "postern upload",
    write: (repo) => postern("postern-writer", ["upload", repo, path.join(folder.path, "source")]),
  },
  {
    name: "the Python client",
    missing: pythonCheckout === undefined,
    write: (repo) =>
      python(
        "python-writer",
        `from huggingface_hub import HfApi\nHfApi().upload_folder(repo_id=${JSON.stringify(repo)}, folder_path=${JSON.stringify(path.join(folder.path, "source"))})`,
      ),
  },
];

interface Reader {
  readonly name: string;
  readonly missing?: boolean;
  /** Reads everything at `main`. @param label - Names a place of its own. */
  read(repo: string, label: string): Promise<Digests>;
}

const READERS: readonly Reader[] = [
  {
    name: "git with git-lfs",
    missing: !hasGitLfs,
    read: async (repo, label) => {
      const { home, git } = await workplace(`git-reads-${label}`);
      await git.ok(["clone", withToken(`${hub.url}/${repo}`, ada), "repo"]);
      const all = await folderDigest(path.join(home, "repo"));
      return Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith(".git/")));
    },
  },
  {
    name: "@huggingface/hub",
    read: async (repo) => {
      const call = { hubUrl: hub.url, accessToken: ada, repo };
      const digests: Record<string, string> = {};
      for await (const { path: name, type } of listFiles({ ...call, recursive: true })) {
        if (type !== "file" || name === ".gitattributes") continue;
        // This client puts the path into the address as it is: what has a meaning in an address, or is cut from its end, its callers escape.
        const file = await downloadFile({ ...call, path: name.replaceAll(/[%#?]| $/g, encodeURIComponent) });
        if (file === null) throw new Error(`${name} is listed and not there`);
        digests[name] = digestOf(new Uint8Array(await file.arrayBuffer()));
      }
      return digests;
    },
  },
  {
    name: "postern download",
    read: async (repo, label) => {
      const target = path.join(folder.path, `postern-got-${label}`);
      await postern(`postern-reads-${label}`, ["download", repo, "--local-dir", target]);
      return folderDigest(target);
    },
  },
  {
    name: "the Python client",
    missing: pythonCheckout === undefined,
    read: async (repo, label) => {
      const answer = path.join(folder.path, `python-got-${label}.json`);
      await python(
        `python-reads-${label}`,
        `
import hashlib, json, os
from huggingface_hub import snapshot_download
root = snapshot_download(${JSON.stringify(repo)})
digests = {}
for folder, _, names in os.walk(root):
    for name in names:
        file = os.path.join(folder, name)
        with open(file, "rb") as content:
            digests[os.path.relpath(file, root)] = hashlib.sha256(content.read()).hexdigest()
digests.pop(".gitattributes")
json.dump(digests, open(${JSON.stringify(answer)}, "w"))
`,
      );
      return JSON.parse(readFileSync(answer, "utf8"));
    },
  },
];

for (const [at, writer] of WRITERS.entries()) {
  describe.skipIf(writer.missing === true)(`what ${writer.name} writes`, () => {
    const repo = `ada/written-${at}`;
    beforeAll(async () => {
      await hub.repo(repo, { token: ada });
      await writer.write(repo);
    });

    it("goes to LFS where it should, and nothing else does", async () => {
      const tree = await hub.call("GET", `/api/models/${repo}/tree/main?recursive=true`);
      const large = tree.json.filter((entry: { lfs?: unknown }) => entry.lfs !== undefined);
      // An empty file is stored as itself, whatever its name: git-lfs has no pointer for it.
      const wanted = [...AWKWARD_FILES].filter(([name, content]) => isLarge(name) && content.length > 0);
      expect(large.map(({ path: name }: { path: string }) => name).toSorted()).toEqual(
        wanted.map(([name]) => name).toSorted(),
      );
    });

    for (const reader of READERS)
      it.skipIf(reader.missing === true)(`is read the same by ${reader.name}`, async () => {
        expect(await reader.read(repo, String(at))).toEqual(SENT);
      });
  });
}

describe.skipIf(!hasGitLfs)("what only git can say of a file", () => {
  const repo = "ada/modes";
  let git: Awaited<ReturnType<typeof workplace>>["git"];
  beforeAll(async () => {
    await hub.repo(repo, { token: ada });
    const place = await workplace("modes");
    git = place.git;
    await git.ok(["clone", withToken(`${hub.url}/${repo}`, ada), "repo"]);
    git.write({
      "repo/run.sh": "#!/bin/sh\n",
      "repo/tool.bin": Buffer.alloc(3000, "tool"),
      "repo/plain.txt": "plain\n",
    });
    chmodSync(path.join(place.home, "repo", "run.sh"), 0o755);
    chmodSync(path.join(place.home, "repo", "tool.bin"), 0o755);
    symlinkSync("plain.txt", path.join(place.home, "repo", "link"));
    symlinkSync("../../../etc/passwd", path.join(place.home, "repo", "link-out"));
    await git.ok(["add", "--all"], { cwd: "repo" });
    await git.ok(["commit", "-m", "Modes"], { cwd: "repo" });
    await git.ok(["push"], { cwd: "repo" });
  });

  const modes = async (place: string) =>
    Object.fromEntries(
      (await git.ok(["ls-tree", "-r", "HEAD"], { cwd: place }))
        .split("\n")
        .map((line) => /^(\d+) \w+ \w+\t(.*)$/.exec(line)?.slice(1) ?? [])
        .map(([mode, name]) => [name, mode]),
    );
  const MODES = {
    ".gitattributes": "100644",
    link: "120000",
    "link-out": "120000",
    "plain.txt": "100644",
    "run.sh": "100755",
    "tool.bin": "100755",
  };

  it("comes back by a clone", async () => {
    await git.ok(["clone", withToken(`${hub.url}/${repo}`, ada), "again"]);
    expect(await modes("again")).toEqual(MODES);
    expect(readlinkSync(path.join(git.home, "again", "link"))).toBe("plain.txt");
    expect(readFileSync(path.join(git.home, "again", "tool.bin"), "utf8")).toBe("tool".repeat(750));
    expect(statSync(path.join(git.home, "again", "tool.bin")).mode & 0o111).not.toBe(0);
  });

  it("stays when a commit through the API changes what the file holds", async () => {
    await uploadFiles({
      hubUrl: hub.url,
      accessToken: ada,
      repo,
      files: [
        { path: "run.sh", content: new Blob(["#!/bin/sh\nexit 0\n"]) },
        { path: "tool.bin", content: new Blob(["another tool"]) },
      ],
    });
    await git.ok(["clone", withToken(`${hub.url}/${repo}`, ada), "changed"]);
    expect(await modes("changed")).toEqual(MODES);
    expect(readFileSync(path.join(git.home, "changed", "tool.bin"), "utf8")).toBe("another tool");
  });

  it("is a file that holds the target to clients that know no links, and leads nowhere", async () => {
    const call = { hubUrl: hub.url, accessToken: ada, repo };
    for (const [name, target] of [
      ["link", "plain.txt"],
      ["link-out", "../../../etc/passwd"],
    ] as const) {
      expect(await (await downloadFile({ ...call, path: name }))?.text()).toBe(target);
    }
    const target = path.join(folder.path, "links-got");
    await postern("links-reader", ["download", repo, "--local-dir", target]);
    expect(lstatSync(path.join(target, "link-out")).isSymbolicLink()).toBe(false);
    expect(readFileSync(path.join(target, "link-out"), "utf8")).toBe("../../../etc/passwd");
  });
});
