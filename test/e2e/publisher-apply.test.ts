import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PROVIDER_IDS } from "@postern/core/provider/provider-id";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Finished, posternCommand, root, runCommand } from "../harness/run-command.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const [node, bin] = posternCommand;
const folder = temporaryFolder("apply");
let hub: RunningHub;
let ada: string;
let issuer: string;

beforeAll(async () => {
  hub = await startHub();
  ada = await hub.user("ada");
  issuer = hub.simulator.issuerUrl("github");
  await hub.repo("ada/here", { token: ada });
  const stored = await hub.publisher(
    "models/ada/here",
    { provider: "github", issuer, claims: { repository_id: "1", branch: "old" } },
    ada,
  );
  expect(stored.status, stored.text).toBe(201);
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function github(fields: Readonly<Record<string, unknown>> = {}) {
  return { provider: "github", issuer, claims: GITHUB_CLAIMS, ...fields };
}

function apply(file: unknown, words: readonly string[] = [], token = ada): Promise<Finished> {
  const name = path.join(folder.path, "publishers.yaml");
  writeFileSync(name, typeof file === "string" ? file : stringify(file));
  return runCommand(node, [bin, "publisher", "apply", name, ...words], {
    env: { HF_ENDPOINT: hub.url, HF_TOKEN: token, PATH: process.env.PATH },
  });
}

async function stored(repo: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await hub.call("GET", `/api/postern/v1/models/${repo}/publishers`, { token: ada })).json.publishers ?? [];
}

it("plans first, changes with --yes, and then has nothing to do", async () => {
  const file = {
    version: 1,
    repos: {
      "ada/here": { publishers: [github({ ttl_seconds: 900 })] },
      "ada/soon": {
        publishers: [github({ pending: true }), github({ pending: true, claims: { repository_id: "2" } })],
      },
    },
  };
  const plan = await apply(file);
  expect(plan.code).toBe(0);
  expect(plan.stdout).toContain("ada/here\n  + github repository=acme/train");
  expect(plan.stdout).toContain("  ? github branch=old repository_id=1 (not in the file; stays");
  expect(plan.stdout).toContain("ada/soon (its name will be held)");
  expect(plan.stderr).toContain("Run it again with --yes to make these 3 changes.");
  expect(await stored("ada/here")).toHaveLength(1);

  expect((await apply(file, ["--yes"])).stdout).toContain("Changed 3 publishers.");
  expect(await stored("ada/here")).toHaveLength(2);
  expect(await stored("ada/soon")).toMatchObject([{ pending: true }, { pending: true }]);
  expect((await apply(file, ["--yes"])).stdout).toContain("Nothing to change.");

  const other = {
    ...file,
    repos: { "ada/here": { prune: true, publishers: [github({ ttl_seconds: 600, pin_address: true })] } },
  };
  const diff = await apply(other);
  expect(diff.stdout).toContain("  ~ github repository=acme/train");
  expect(diff.stdout).toContain("      ttl_seconds: 900 -> 600");
  expect(diff.stdout).toContain("      pin_address: false -> true");
  expect(diff.stdout).toContain("  - github branch=old repository_id=1");
  const done = await apply(other, ["--yes", "--json"]);
  expect(JSON.parse(done.stdout)).toMatchObject({
    applied: true,
    changes: [{ change: "replace" }, { change: "remove" }],
  });
  expect(await stored("ada/here")).toMatchObject([{ ttl_seconds: 600, pin_address: true }]);
  expect((await apply(other, ["--yes"])).stdout).toContain("Nothing to change.");
});

it.each<[string, unknown, RegExp]>([
  ["what is no YAML", "repos: [", /no YAML/],
  ["another version", { version: 2, repos: {} }, /version must be 1/],
  ["an unknown member", { version: 1, repos: {}, extra: 1 }, /extra is unknown/],
  ["a name that is none", { version: 1, repos: { "../x": { publishers: [] } } }, /is no repo/],
  [
    "a number where the provider sends a string",
    { version: 1, repos: { "ada/here": { publishers: [{ provider: "github", claims: { repository_id: 7 } }] } } },
    /repos\.ada\/here\.publishers\[0\]\.claims\.repository_id: .*is a string/,
  ],
  [
    "a missing repo that is not pending",
    {
      version: 1,
      repos: {
        "ada/here": { publishers: [], prune: true },
        "ada/gone": { publishers: [{ provider: "github", claims: GITHUB_CLAIMS }] },
      },
    },
    /There is no repo ada\/gone/,
  ],
])("refuses %s before anything changes", async (_what, file, words) => {
  const before = await stored("ada/here");
  const finished = await apply(file, ["--yes"]);
  expect(finished).toMatchObject({ code: 1, stderr: expect.stringMatching(words) });
  expect(await stored("ada/here")).toEqual(before);
});

it("refuses a token that a job earned", async () => {
  const subject = await hub.simulator.issueToken("github", { audience: hub.url });
  const { access_token: token } = (await hub.exchange(subject, "ada/here")).json;
  const finished = await apply(
    { version: 1, repos: { "ada/here": { publishers: [], prune: true } } },
    ["--yes"],
    token,
  );
  expect(finished).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot manage anything") });
});

it("documents every provider in its schema", () => {
  const schema = JSON.parse(readFileSync(path.join(root, "docs/reference/publishers.schema.json"), "utf8"));
  expect(schema.$defs.publisher.properties.provider.enum).toEqual(PROVIDER_IDS);
});
