import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { commit, createRepo, listFiles, snapshotDownload, uploadFiles } from "@huggingface/hub";
import { createClient } from "@postern/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderDigest } from "../harness/folder-digest.ts";
import { posternCommand, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";

const MEGABYTE = 1024 * 1024;
let hub: RunningHub;
let folder: TemporaryFolder;
let source: string;

beforeAll(async () => {
  hub = await startHub();
  await hub.user("acme");
  folder = temporaryFolder("publish");
  source = path.join(folder.path, "source");
  mkdirSync(path.join(source, "nested", "deeper"), { recursive: true });
  writeFileSync(path.join(source, "README.md"), "---\nlicense: apache-2.0\n---\n# Tiny model\n");
  writeFileSync(path.join(source, "config.json"), '{"hidden_size": 8}\n');
  writeFileSync(path.join(source, "empty.txt"), "");
  writeFileSync(path.join(source, "nested", "deeper", "notes with spaces & ümlaut.txt"), "deep\n");
  writeFileSync(path.join(source, "model.safetensors"), randomBytes(20 * MEGABYTE));
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

const GITLAB_CLAIMS = { project_path: "acme/train", project_id: "20", namespace_id: "72", branch: "main" } as const;

describe.each([
  ["github", GITHUB_CLAIMS],
  ["gitlab", GITLAB_CLAIMS],
] as const)("a %s job without a secret", (provider, claims) => {
  const repo = `acme/${provider}-model`;

  beforeAll(async () => {
    await hub.repo(repo);
    const added = await hub.publisher(`models/${repo}`, {
      provider,
      issuer: hub.simulator.issuerUrl(provider),
      claims,
    });
    expect(added.status, added.text).toBe(201);
  });

  const job = () =>
    hub.simulator.jobEnvironment(provider, {
      parentEnv: process.env,
      audiences: [hub.url],
      env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: repo, NO_COLOR: "1" },
    });

  it("publishes a folder with our command, and another machine downloads the same bytes", async () => {
    await using environment = await job();
    const [node, postern] = posternCommand;
    const upload = await runCommand(node, [postern, "upload", repo, source], { env: { ...environment.variables } });
    expect(upload.code, upload.stderr).toBe(0);
    // A runner takes the masking commands out of the log; nothing else may carry a token.
    const seen = `${upload.stdout}${upload.stderr}`.replaceAll(/^::add-mask::.*$/gm, "");
    expect(seen).not.toMatch(/hf_jwt_|eyJ/);

    const target = path.join(folder.path, `${provider}-download`);
    const download = await runCommand(node, [postern, "download", repo, "--local-dir", target], {
      env: {
        PATH: process.env.PATH,
        HOME: folder.path,
        HF_HOME: path.join(folder.path, "reader"),
        HF_ENDPOINT: hub.url,
      },
    });
    expect(download.code, download.stderr).toBe(0);
    expect(await folderDigest(target)).toEqual(await folderDigest(source));
  });

  it("publishes with @huggingface/hub and a token of our client library", async () => {
    await using environment = await job();
    const client = createClient({ environment: environment.variables });
    const accessToken = await client.getToken();
    if (accessToken === undefined) throw new Error("no token");
    const to = { repo, accessToken, hubUrl: hub.url };
    const file = new Blob([randomBytes(3000)]);
    await uploadFiles({ ...to, files: [{ path: "from-js/data.bin", content: file }], commitTitle: "From the library" });
    const listed: string[] = [];
    for await (const entry of listFiles({ ...to, recursive: true })) listed.push(entry.path);
    expect(listed).toContain("from-js/data.bin");
    await commit({
      ...to,
      title: "Take it out again",
      operations: [{ operation: "delete", path: "from-js/data.bin" }],
    });
  });

  it("leaves who made it on the commit", async () => {
    const log = await hub.call("GET", `/api/models/${repo}/commits/main`);
    const message: string = log.json.map((entry: { message: string }) => entry.message).join("\n");
    expect(log.json[0].authors[0].user).toBe("[OIDC]");
    expect(message).toContain(hub.simulator.issuerUrl(provider));
  });

  it("is refused for a repo whose publisher it does not match, with the reason, and falls through to nothing", async () => {
    await using environment = await hub.simulator.jobEnvironment(provider, {
      parentEnv: process.env,
      audiences: [hub.url],
      claims: { ref: provider === "github" ? "refs/heads/evil" : "evil" },
      env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: repo, HF_TOKEN: hub.adminToken, NO_COLOR: "1" },
    });
    const [node, postern] = posternCommand;
    const upload = await runCommand(node, [postern, "upload", repo, source], { env: { ...environment.variables } });
    expect(upload.code).toBe(1);
    expect(upload.stderr).toMatch(/TP18\d\d/);
    expect(upload.stderr).toContain("branch");
  });
});

it("@huggingface/hub creates, fills and reads a private repo with a personal token", async () => {
  const to = { repo: "acme/js-private", accessToken: hub.adminToken, hubUrl: hub.url };
  await createRepo({ ...to, private: true });
  await uploadFiles({
    ...to,
    files: [
      { path: "a.txt", content: new Blob(["a"]) },
      { path: "empty", content: new Blob([]) },
    ],
  });
  const cacheDir = path.join(folder.path, "js-cache");
  const snapshot = await snapshotDownload({ ...to, cacheDir });
  expect(Object.keys(await folderDigest(snapshot))).toBeDefined();
  await expect(
    snapshotDownload({ repo: "acme/js-private", hubUrl: hub.url, cacheDir: path.join(folder.path, "js-cache-2") }),
  ).rejects.toThrow();
});
