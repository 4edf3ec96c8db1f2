import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { HubHarness, person, repoRef } from "../http/hub-harness.contract.ts";
import { createRepo } from "../repos/create-repo.ts";
import { commitToBranch } from "./commit-to-branch.ts";

// A process that commits and creates repos until it is killed; `commit-crash.test.ts` starts it. Prints what was acknowledged.

const [directory = "", round = ""] = process.argv.slice(2);
const hub = await HubHarness.start(() => {}, directory);
const audit = openSync(join(directory, "audit.log"), "a");
const caller = { principal: person("ada"), requestId: "crash", sourceAddress: undefined };
const deps = {
  ...hub.deps,
  audit: {
    record: async (event: { readonly detail: Readonly<Record<string, unknown>> }) => {
      writeSync(audit, `${JSON.stringify(event.detail)}\n`);
      fsyncSync(audit);
    },
  },
};
process.on("exit", () => closeSync(audit));

const outcome = await createRepo(deps, caller, { repo: repoRef("ada/train"), visibility: "public", files: [] });

async function commitForEver(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const path = `r${round}/w${writer}/${count}`;
    const content = Buffer.alloc(1 + ((count * 7919) % 40_000), `${path}\n`).toString("base64");
    const body = [
      { key: "header", value: { summary: path } },
      { key: "file", value: { path, content, encoding: "base64" } },
    ];
    const commit = await commitToBranch(deps, {
      repo: outcome.repo,
      ...caller,
      ref: "refs/heads/main",
      body: (async function* () {
        yield Buffer.from(body.map((line) => `${JSON.stringify(line)}\n`).join(""));
      })(),
    });
    process.stdout.write(`${commit} ${path}\n`);
  }
}

async function createForEver(): Promise<never> {
  for (let count = 0; ; count++) {
    await createRepo(deps, caller, { repo: repoRef(`ada/r${round}-${count}`), visibility: "public", files: [] });
  }
}

await Promise.all([commitForEver(0), commitForEver(1), commitForEver(2), createForEver()]);
