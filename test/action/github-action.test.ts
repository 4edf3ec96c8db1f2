import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { bundleAction } from "../../tools/build-action.mjs";
import { type Finished, root, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";

const REPO = "acme/model";
const action = parse(readFileSync(path.join(root, "action.yml"), "utf8"));
let hub: RunningHub;

beforeAll(async () => {
  hub = await startHub();
  await hub.user("acme");
  await hub.repo(REPO);
  const publisher = { provider: "github", issuer: hub.simulator.issuerUrl("github"), claims: GITHUB_CLAIMS };
  expect((await hub.publisher(`models/${REPO}`, publisher)).status).toBe(201);
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

/** Runs a step as the runner does: inputs as variables, answers in files, state handed to the post step. */
async function step(
  which: "main" | "post",
  folder: TemporaryFolder,
  inputs: Readonly<Record<string, string>>,
  state: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const defaults: Record<string, string> = {};
  for (const [name, { default: value = "" }] of Object.entries<{ default?: string }>(action.inputs))
    defaults[name] = value;
  const given = Object.entries({ ...defaults, ...inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value,
  ]);
  const files = ["OUTPUT", "ENV", "STATE"].map((name) => [`GITHUB_${name}`, path.join(folder.path, name)]);
  for (const [, file] of files) if (file !== undefined && !existsSync(file)) writeFileSync(file, "");
  await using job = await hub.simulator.jobEnvironment("github", { parentEnv: process.env, audiences: [hub.url] });
  const env = { ...job.variables, ...Object.fromEntries([...given, ...files]) };
  for (const [name, value] of Object.entries(state)) env[`STATE_${name}`] = value;
  // Awaited here: the job ends with this scope.
  return await runCommand(process.execPath, [path.join(root, action.runs[which])], { env });
}

/** The runner's `name<<delimiter` format. */
function written(folder: TemporaryFolder, name: string): Readonly<Record<string, string>> {
  const text = readFileSync(path.join(folder.path, name), "utf8");
  return Object.fromEntries(
    [...text.matchAll(/^(.+)<<(.+)\n([\s\S]*?)\n\2$/gm)].map(([, key = "", , value = ""]) => [key, value]),
  );
}

async function whoami(token: string): Promise<number> {
  return (await hub.call("GET", "/api/whoami-v2", { token })).status;
}

describe("the GitHub Action", () => {
  it("logs in, masks and hands over the token, and revokes it in its post step", async () => {
    using folder = temporaryFolder("action");
    const main = await step("main", folder, { endpoint: hub.url, resource: REPO });
    expect(main.code, `${main.stdout}${main.stderr}`).toBe(0);
    const token = written(folder, "OUTPUT").token ?? "";
    expect(token).toMatch(/^hf_jwt_/);
    expect(written(folder, "OUTPUT")["expires-in"]).toBe("3600");
    expect(written(folder, "ENV")).toEqual({ HF_TOKEN: token, HF_ENDPOINT: hub.url });
    expect(`${main.stdout}${main.stderr}`).toContain(`::add-mask::${token}`);
    expect(`${main.stdout}${main.stderr}`.replaceAll(/^::add-mask::.*$/gm, "")).not.toMatch(/hf_jwt_|eyJ/);
    expect(await whoami(token)).toBe(200);

    const post = await step("post", folder, {}, written(folder, "STATE"));
    expect([post.code, post.stdout]).toEqual([0, "The token was revoked.\n"]);
    expect(await whoami(token)).toBe(401);
  });

  it("leaves the environment and the token alone when asked to", async () => {
    using folder = temporaryFolder("action");
    const inputs = { endpoint: hub.url, resource: REPO, "export-env": "false", revoke: "false" };
    expect((await step("main", folder, inputs)).code).toBe(0);
    expect([written(folder, "ENV"), written(folder, "STATE")]).toEqual([{}, {}]);
    const token = written(folder, "OUTPUT").token ?? "";
    expect((await step("post", folder, inputs, written(folder, "STATE"))).code).toBe(0);
    expect(await whoami(token)).toBe(200);
  });

  it.each([
    ["a refused job", { resource: "acme/other" }, "TP1701"],
    ["a flag that is none", { resource: REPO, revoke: "yes" }, "revoke must be true or false"],
  ])("fails with one annotation for %s, and hands over nothing", async (_what, inputs, words) => {
    using folder = temporaryFolder("action");
    const main = await step("main", folder, { endpoint: hub.url, ...inputs });
    expect(main.code).toBe(1);
    expect(main.stdout).toMatch(/^::error::/m);
    expect(main.stdout).toContain(words);
    expect([written(folder, "OUTPUT"), written(folder, "ENV"), written(folder, "STATE")]).toEqual([{}, {}, {}]);
  });

  it("keeps the job's verdict when the hub is gone at the end", async () => {
    using folder = temporaryFolder("action");
    const post = await step("post", folder, {}, { token: "hf_jwt_a.b.c", endpoint: "http://127.0.0.1:1" });
    expect(post.code).toBe(0);
    expect(post.stdout).toMatch(/^::warning::/);
  });

  it("is committed as it is built; otherwise run: node tools/build-action.mjs", async () => {
    for (const { file, code } of await bundleAction()) expect(readFileSync(path.join(root, file), "utf8")).toBe(code);
  });
});
