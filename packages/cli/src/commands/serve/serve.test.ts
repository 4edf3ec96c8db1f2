import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BIN, runBin } from "../../testing/run-bin.ts";

let folder: string;
let running: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-serve-"));
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running = [];
  rmSync(folder, { recursive: true, force: true });
});

interface Served {
  readonly child: ChildProcess;
  readonly ready: { readonly url: string; readonly admin_token?: string };
}

async function serve(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const child = spawn(process.execPath, [BIN, "serve", "--port", "0", "--data", "data", "--json", ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  running.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { child, ready: JSON.parse(String(line)) };
}

it("tells the first start's token once, serves, and stops with 0 on SIGTERM", async () => {
  const { child, ready } = await serve(["--bootstrap-admin", "ada"]);
  expect(ready.admin_token).toMatch(/^hf_/);
  const env = { HF_ENDPOINT: ready.url, HF_TOKEN: ready.admin_token ?? "" };
  const whoami = await runBin(["auth", "whoami", "--json"], { env });
  expect(JSON.parse(whoami.stdout)).toMatchObject({ name: "ada" });
  const verified = await runBin(["audit", "verify"], { env });
  expect(verified).toMatchObject({ exitCode: 0, stderr: "" });
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);

  const again = await serve(["--bootstrap-admin", "ada"]);
  expect(again.ready.admin_token).toBeUndefined();
});

it("takes the administrator's token from the environment, and settings from POSTERN_ variables", async () => {
  const token = `hf_${"a1".repeat(17)}`;
  const { ready } = await serve(["--bootstrap-admin", "ada"], { POSTERN_ADMIN_TOKEN: token, POSTERN_PORT: "1" });
  const env = { HF_ENDPOINT: ready.url, HF_TOKEN: token };
  expect((await runBin(["user", "list"], { env })).stdout).toContain("ada");
});

it("says who holds a data folder that is in use", async () => {
  await serve([]);
  const second = await runBin(["serve", "--port", "0", "--data", "data"], { cwd: folder });
  expect(second).toMatchObject({ exitCode: 1, stdout: "" });
  expect(second.stderr).toContain("another Postern server is using");
});

it.each([
  ["a public bind without TLS", ["--host", "0.0.0.0"], /can be reached from other machines/],
  ["a public URL that is none", ["--public-url", "hub"], /must be an origin/],
  ["a configuration file that is not there", ["--config", "absent.yaml"], /absent\.yaml/],
])("refuses %s as wrong usage", async (_what, words, said) => {
  const finished = await runBin(["serve", "--data", "data", ...words], { cwd: folder });
  expect(finished).toMatchObject({ exitCode: 2, stdout: "" });
  expect(finished.stderr).toMatch(said);
  expect(finished.stderr).toContain("next:");
});
