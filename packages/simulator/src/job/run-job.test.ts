import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunJobOptions, runJob, type Simulator, startSimulator } from "../index.ts";

let simulator: Simulator;
let directory: string;
beforeAll(async () => {
  simulator = await startSimulator();
  directory = await mkdtemp(join(tmpdir(), "postern-run-job-"));
});
afterAll(async () => {
  await simulator.close();
  await rm(directory, { recursive: true, force: true });
});

function script(code: string, more: Partial<RunJobOptions> = {}): RunJobOptions {
  return {
    provider: "github",
    command: process.execPath,
    args: ["-e", code],
    parentEnv: process.env,
    stdio: "ignore",
    workingDirectory: directory,
    ...more,
  };
}

/** Runs a job that waits for signals, and calls `ready` once it does. */
async function runUntilReady(name: string, more: Partial<RunJobOptions>, ready: () => void): ReturnType<typeof runJob> {
  const marker = join(directory, name);
  const code = `require("fs").writeFileSync(${JSON.stringify(marker)}, ""); setInterval(() => {}, 1000);`;
  const running = runJob(simulator, script(code, more));
  while (!existsSync(marker)) await new Promise((resolve) => setTimeout(resolve, 10));
  ready();
  return running;
}

test.each([0, 1, 42])("passes on exit code %i", async (code) => {
  expect(await runJob(simulator, script(`process.exit(${code})`))).toEqual({ kind: "exited", exitCode: code });
});

test("a command killed by a signal exits with 128 plus the signal's number", async () => {
  const outcome = await runJob(simulator, script("process.kill(process.pid, 'SIGKILL')"));
  expect(outcome).toEqual({ kind: "signalled", signal: "SIGKILL", exitCode: 137 });
});

test("a command that does not exist exits with 127", async () => {
  const outcome = await runJob(simulator, script("", { command: "postern-no-such-command" }));
  expect(outcome).toMatchObject({ kind: "not-started", exitCode: 127 });
});

test("a file that is not executable exits with 126", async () => {
  const outcome = await runJob(simulator, script("", { command: import.meta.filename }));
  expect(outcome).toMatchObject({ kind: "not-started", exitCode: 126 });
});

test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)("forwards %s and stops listening afterwards", async (signal) => {
  const signals = new EventEmitter();
  const outcome = await runUntilReady(signal, { signals }, () => signals.emit(signal, signal));
  expect(outcome).toMatchObject({ kind: "signalled", signal });
  expect(signals.listenerCount(signal)).toBe(0);
});

test("leaves Ctrl-C to a shared terminal", async () => {
  const signals = new EventEmitter();
  const outcome = await runUntilReady("terminal", { signals, sharesTerminal: true }, () => {
    signals.emit("SIGINT", "SIGINT");
    signals.emit("SIGHUP", "SIGHUP");
  });
  expect(outcome).toMatchObject({ signal: "SIGHUP" });
});

test("an abort ends the command", async () => {
  const controller = new AbortController();
  const outcome = await runUntilReady("abort", { signal: controller.signal }, () => controller.abort());
  expect(outcome).toMatchObject({ kind: "signalled", signal: "SIGTERM" });
});

test("a job mints its own token while it runs, and nobody does after it", async () => {
  const result = join(directory, "minted.json");
  const outcome = await runJob(
    simulator,
    script(`
      const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer, GITHUB_EVENT_PATH } = process.env;
      const { repository } = JSON.parse(require("fs").readFileSync(GITHUB_EVENT_PATH, "utf8"));
      fetch(url + "&audience=https://hub.example", { headers: { authorization: "Bearer " + bearer } })
        .then((response) => response.json())
        .then((minted) => require("fs").writeFileSync(${JSON.stringify(result)}, JSON.stringify({ url, bearer, minted, GITHUB_EVENT_PATH, repository })));
    `),
  );
  expect(outcome.exitCode).toBe(0);
  const seen = JSON.parse(await readFile(result, "utf8"));
  expect(seen.minted.count).toBe(seen.minted.value.length);
  expect(decodeJwt(seen.minted.value)).toMatchObject({ aud: "https://hub.example", repository: "acme/train" });
  expect(seen.repository.full_name).toBe("acme/train");
  expect(existsSync(seen.GITHUB_EVENT_PATH)).toBe(false);
  expect((await fetch(seen.url, { headers: { authorization: `Bearer ${seen.bearer}` } })).status).toBe(401);
});
