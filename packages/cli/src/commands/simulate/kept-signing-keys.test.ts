import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { SIMULATED_PROVIDERS, startSimulator } from "@postern/simulator";
import { afterAll, expect, it } from "vitest";
import { keptSigningKeys } from "./kept-signing-keys.ts";

const home = mkdtempSync(path.join(tmpdir(), "postern-kept-"));
afterAll(() => rmSync(home, { recursive: true }));
const env = { HF_HOME: path.join(home, "hf") };

it("keeps the keys of issuers on a chosen port from run to run, for their owner only", async () => {
  const kids: string[] = [];
  for (const _run of [1, 2]) {
    await using simulator = await startSimulator({ signingKeys: keptSigningKeys({ env }, SIMULATED_PROVIDERS, 9000) });
    const headers = await Promise.all(
      SIMULATED_PROVIDERS.map((provider) => simulator.issueToken(provider).then((token) => token.split(".")[0] ?? "")),
    );
    kids.push(headers.join());
  }
  expect(kids[1]).toBe(kids[0]);
  for (const name of readdirSync(env.HF_HOME)) expect(statSync(path.join(env.HF_HOME, name)).mode & 0o777).toBe(0o600);
});

it("makes a new key where the kept one cannot be read", () => {
  writeFileSync(path.join(env.HF_HOME, "postern-simulator-rsa.pem"), "no key");
  expect(keptSigningKeys({ env }, ["github"], 9000).github?.asymmetricKeyType).toBe("rsa");
});

it("keeps nothing for a free port", () => {
  const nowhere = { HF_HOME: path.join(home, "untouched") };
  expect(keptSigningKeys({ env: nowhere }, SIMULATED_PROVIDERS, 0)).toEqual({});
  expect(readdirSync(home)).not.toContain("untouched");
});
