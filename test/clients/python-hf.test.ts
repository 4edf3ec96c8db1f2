import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderDigest } from "../harness/folder-digest.ts";
import { bareEnvironment, type Finished, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { pythonCheckout, pythonEnvironment, runHf } from "./python-hf.ts";

// The unmodified Python client, from the checkout that POSTERN_TEST_PYTHON_HF names (docs/guides/testing.md).
describe.skipIf(pythonCheckout === undefined)("the unmodified Python client", () => {
  let hub: RunningHub;
  let folder: TemporaryFolder;
  let source: string;

  beforeAll(async () => {
    hub = await startHub();
    const acmeToken = await hub.user("acme");
    await hub.repo("acme/train");
    const issuer = hub.simulator.issuerUrl("github");
    for (const target of ["models/acme/train", "users/acme"]) {
      const added = await hub.publisher(target, { provider: "github", issuer, claims: GITHUB_CLAIMS }, acmeToken);
      expect(added.status, added.text).toBe(201);
    }
    folder = temporaryFolder("python");
    source = path.join(folder.path, "source");
    mkdirSync(path.join(source, "nested", "deeper"), { recursive: true });
    writeFileSync(path.join(source, "README.md"), "---\nlicense: apache-2.0\ntags:\n- tiny\n---\n# Tiny model\n");
    writeFileSync(path.join(source, "empty.txt"), "");
    writeFileSync(path.join(source, "nested", "deeper", "notes with spaces & ümlaut.txt"), "deep\n");
    writeFileSync(path.join(source, "model.safetensors"), randomBytes(20 * 1024 * 1024));
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  /** Runs `hf` inside a simulated GitHub Actions job that holds no secret. */
  async function hfInJob(
    args: readonly string[],
    resource: string,
    claims: Readonly<Record<string, string>> = {},
    extra: Record<string, string> = {},
  ): Promise<Finished> {
    const home = path.join(folder.path, "runner");
    mkdirSync(home, { recursive: true });
    await using job = await hub.simulator.jobEnvironment("github", {
      parentEnv: process.env,
      claims,
      env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: resource, ...extra },
    });
    return await runCommand("/usr/bin/python3", ["-m", "huggingface_hub.cli.hf", ...args], {
      env: { ...bareEnvironment(home), ...job.variables, ...pythonEnvironment(home, pythonCheckout ?? "") },
      cwd: home,
    });
  }

  it("uploads a folder from a job without a secret, and downloads the same bytes without a login", async () => {
    const upload = await hfInJob(["upload", "acme/train", source], "acme/train");
    expect(upload.code, upload.stdout + upload.stderr).toBe(0);
    const target = path.join(folder.path, "download");
    const download = await runHf(["download", "acme/train", "--local-dir", target], {
      home: folder.path,
      env: { HF_ENDPOINT: hub.url },
    });
    expect(download.code, download.stdout + download.stderr).toBe(0);
    expect(await folderDigest(target)).toEqual(await folderDigest(source));
  });

  it("uploads the same folder again without a new commit", async () => {
    const before = await hub.call("GET", "/api/models/acme/train/commits/main");
    const upload = await hfInJob(["upload", "acme/train", source], "acme/train");
    expect(upload.code, upload.stdout + upload.stderr).toBe(0);
    const after = await hub.call("GET", "/api/models/acme/train/commits/main");
    expect(after.json.length).toBe(before.json.length);
  });

  it("downloads into its cache", async () => {
    const download = await runHf(["download", "acme/train"], { home: folder.path, env: { HF_ENDPOINT: hub.url } });
    expect(download.code, download.stderr).toBe(0);
    const snapshots = path.join(folder.path, "hf", "hub", "models--acme--train", "snapshots");
    expect(readdirSync(snapshots)).toHaveLength(1);
  });

  it("shows the reason and the request id when the job is refused", async () => {
    const upload = await hfInJob(["upload", "acme/train", source], "acme/train", { ref: "refs/heads/evil" });
    const output = upload.stdout + upload.stderr;
    expect(upload.code).toBe(1);
    expect(output).toMatch(/invalid_grant: \[TP18\d\d\]/);
    expect(output).toMatch(/Request ID: [0-9a-f]{8}-/);
    expect(output).toContain("branch");
  });

  it("says which resource is wrong without telling whether it exists", async () => {
    const upload = await hfInJob(["auth", "token"], "acme/nothing-here");
    expect(upload.code).toBe(1);
    expect(upload.stdout + upload.stderr).toMatch(/TP17\d\d/);
  });

  it("prints the token of a job, and who it stands for", async () => {
    const token = await hfInJob(["auth", "token"], "acme/train");
    expect(token.code, token.stderr).toBe(0);
    expect(token.stdout.trim()).toMatch(/^hf_jwt_/);
    const whoami = await hfInJob(["auth", "whoami"], "acme/train");
    expect(whoami.code, whoami.stdout + whoami.stderr).toBe(0);
    const reader = await hfInJob(["auth", "whoami"], "acme");
    expect(reader.code, reader.stdout + reader.stderr).toBe(0);
  });

  it("logs in with a personal token, creates a private repo, uploads and downloads it", async () => {
    const home = path.join(folder.path, "person");
    mkdirSync(home, { recursive: true });
    const env = { HF_ENDPOINT: hub.url };
    const login = await runHf(["auth", "login", "--token", hub.adminToken], { home, env });
    expect(login.code, login.stdout + login.stderr).toBe(0);
    expect(existsSync(path.join(home, "hf", "token"))).toBe(true);
    const upload = await runHf(["upload", "acme/mine", source, "--private", "--repo-type", "dataset"], { home, env });
    expect(upload.code, upload.stdout + upload.stderr).toBe(0);
    const target = path.join(folder.path, "mine");
    const download = await runHf(["download", "acme/mine", "--repo-type", "dataset", "--local-dir", target], {
      home,
      env,
    });
    expect(download.code, download.stdout + download.stderr).toBe(0);
    expect(await folderDigest(target)).toEqual(await folderDigest(source));
    const stranger = await runHf(["download", "acme/mine", "--repo-type", "dataset"], { home: folder.path, env });
    expect(stranger.code).toBe(1);
    expect(stranger.stdout + stranger.stderr).toMatch(/'acme\/mine' not found/);
  });

  it("uploads to a branch that does not exist yet", async () => {
    const upload = await hfInJob(
      ["upload", "acme/train", path.join(source, "README.md"), "README.md", "--revision", "next"],
      "acme/train",
    );
    expect(upload.code, upload.stdout + upload.stderr).toBe(0);
    const refs = await hub.call("GET", "/api/models/acme/train/refs");
    expect(refs.json.branches.map((branch: { name: string }) => branch.name)).toContain("next");
  });
});
