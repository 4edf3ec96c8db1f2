import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { posternCommand, root, runCommand } from "../harness/run-command.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";

const REPO = "acme/tiny-model";
let hub: RunningHub;
let folder: TemporaryFolder;

beforeAll(async () => {
  hub = await startHub();
  await hub.user("acme");
  await hub.repo(REPO);
  const claims = { project_path: "acme/train", project_id: "20", namespace_id: "72", branch: "main" };
  const publisher = { provider: "gitlab", issuer: hub.simulator.issuerUrl("gitlab"), claims };
  expect((await hub.publisher(`models/${REPO}`, publisher)).status).toBe(201);
  folder = temporaryFolder("examples");
  mkdirSync(path.join(folder.path, "model"));
  writeFileSync(path.join(folder.path, "model", "weights.txt"), "1 2 3\n");
  mkdirSync(path.join(folder.path, "bin"));
  // What `npx --yes postern` would install is this checkout.
  const npx = path.join(folder.path, "bin", "npx");
  writeFileSync(npx, `#!/bin/sh\nshift 2\nexec "${posternCommand[0]}" "${posternCommand[1]}" "$@"\n`);
  chmodSync(npx, 0o755);
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

function example(name: string): string {
  return readFileSync(path.join(root, "examples", name), "utf8");
}

describe("examples/gitlab-ci", () => {
  it("publishes, and leaves no living token behind", async () => {
    const [spec, pipeline] = parseAllDocuments(example("gitlab-ci/publish.gitlab-ci.yml")).map((part) => part.toJS());
    const inputs: Readonly<Record<string, string>> = {
      ...Object.fromEntries(
        Object.entries<{ default?: string }>(spec.spec.inputs).map(([name, { default: value = "" }]) => [name, value]),
      ),
      endpoint: hub.url,
      resource: REPO,
    };
    const filled = (text: string): string =>
      text.replaceAll(/\$\[\[ inputs\.(\w+) \]\]/g, (_all, name: string) => inputs[name] ?? "");
    const { variables, id_tokens, script } = pipeline.publish;
    await using job = await hub.simulator.jobEnvironment("gitlab", {
      parentEnv: process.env,
      audiences: [filled(id_tokens.HF_ID_TOKEN.aud)],
      env: Object.fromEntries(Object.entries<string>(variables).map(([name, value]) => [name, filled(value)])),
    });
    const env = { ...job.variables, PATH: `${path.join(folder.path, "bin")}:${job.variables.PATH ?? ""}` };
    const done = await runCommand("/bin/sh", ["-ec", script.join("\n")], { env, cwd: folder.path });
    expect(done.code, done.stderr).toBe(0);
    expect((await hub.call("GET", `/${REPO}/resolve/main/weights.txt`)).text).toBe("1 2 3\n");
    const { text } = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
    expect(text.trim().split("\n").at(-1)).toContain('"token.revoke"');
  });
});

describe("examples/circleci and examples/github-actions", () => {
  it("are what their readers copy: valid YAML, least privilege, no secret", () => {
    const circle = parse(example("circleci/config.yml"));
    expect(circle.commands.publish.steps[0].run.command).toContain("--revoke-on-exit");
    const github = parse(example("github-actions/publish.yml"));
    expect(github.permissions).toEqual({ contents: "read", "id-token": "write" });
    for (const name of ["circleci/config.yml", "github-actions/publish.yml", "gitlab-ci/publish.gitlab-ci.yml"])
      expect(example(name)).not.toMatch(/secrets\.|HF_TOKEN/);
  });
});
