import { chmodSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { bareEnvironment } from "../harness/run-command.ts";
import { startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";
import { pythonCheckout, pythonEnvironment } from "./python-hf.ts";
import { hasGitLfs, realGit, withToken } from "./real-git.ts";

/** One byte more than goes in one piece. */
const BYTES = 256 * 1024 * 1024 + 1;

it.skipIf(pythonCheckout === undefined || !hasGitLfs)(
  "git-lfs sends a file in parts through the agent that `hf lfs-enable-largefiles` sets (skipped without POSTERN_TEST_PYTHON_HF or git-lfs)",
  { timeout: 180_000 },
  async () => {
    using folder = temporaryFolder("git-lfs-multipart");
    const git = realGit(folder.path);
    const puts: string[] = [];
    await using hub = await startHub({
      log: (line) => {
        const { method, path: target, status } = JSON.parse(line);
        if (method === "PUT" || String(target).endsWith("/complete")) puts.push(`${method} ${status} ${target}`);
      },
    });
    const ada = await hub.user("ada");
    await hub.repo("ada/parts", { token: ada });
    await git.ok(["lfs", "install"]);
    await git.ok(["clone", withToken(`${hub.url}/ada/parts`, ada), "parts"]);
    // What the command writes, with the checkout's `hf` in place of an installed one.
    const hf = path.join(folder.path, "hf");
    writeFileSync(hf, '#!/bin/sh\nexec /usr/bin/python3 -m huggingface_hub.cli.hf "$@"\n');
    chmodSync(hf, 0o755);
    await git.ok(["config", "lfs.customtransfer.multipart.path", hf], { cwd: "parts" });
    await git.ok(["config", "lfs.customtransfer.multipart.args", "lfs-multipart-upload"], { cwd: "parts" });
    git.write({ "parts/model.bin": "not only zeros" });
    truncateSync(path.join(folder.path, "parts/model.bin"), BYTES);
    await git.ok(["add", "."], { cwd: "parts" });
    await git.ok(["commit", "-m", "Large"], { cwd: "parts" });
    const env = { ...bareEnvironment(folder.path), ...pythonEnvironment(folder.path, pythonCheckout ?? "") };
    await git.ok(["push"], { cwd: "parts", env });
    expect(puts.filter((line) => /^PUT 200 .*\/parts\/\d+$/.test(line))).toHaveLength(5);
    expect(puts.filter((line) => /^POST 200 .*\/complete$/.test(line))).toHaveLength(1);
    const head = await fetch(`${hub.url}/ada/parts/resolve/main/model.bin`, { method: "HEAD" });
    expect(head.headers.get("x-linked-size")).toBe(String(BYTES));
  },
);
