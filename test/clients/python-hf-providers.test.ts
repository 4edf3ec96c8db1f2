import { mkdirSync } from "node:fs";
import path from "node:path";
import { createClient } from "@postern/client";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareEnvironment, type Finished, runCommand } from "../harness/run-command.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { pythonCheckout, pythonEnvironment } from "./python-hf.ts";

/** What a step of each provider does so that the unmodified `hf` finds its id token (docs/reference/providers.md). */
const SHELL: Readonly<Record<"github" | "gitlab" | "circleci" | "bitbucket" | "buildkite" | "forgejo", string>> = {
  // The client asks GitHub's endpoint by itself.
  github: ":",
  gitlab: `export HF_OIDC_ID_TOKEN="$POSTERN_ID_TOKEN"`,
  circleci: `export HF_OIDC_ID_TOKEN="$(circleci run oidc get --claims "{\\"aud\\":\\"$HF_ENDPOINT\\"}")"`,
  bitbucket: `export HF_OIDC_ID_TOKEN="$BITBUCKET_STEP_OIDC_TOKEN"`,
  buildkite: `export HF_OIDC_ID_TOKEN="$(buildkite-agent oidc request-token --audience "$HF_ENDPOINT" --claim organization_id,pipeline_id)"`,
  // Forgejo speaks GitHub's protocol, which the client knows.
  forgejo: ":",
};

const PINNED = {
  github: ["repository_id"],
  gitlab: ["project_id"],
  circleci: ["oidc.circleci.com/project-id", "oidc.circleci.com/vcs-origin"],
  bitbucket: ["repositoryUuid"],
  buildkite: ["pipeline_id"],
  forgejo: ["repository_id"],
} as const;

describe.skipIf(pythonCheckout === undefined)("the unmodified Python client", () => {
  let hub: RunningHub;
  let folder: TemporaryFolder;

  beforeAll(async () => {
    hub = await startHub();
    await hub.user("acme");
    folder = temporaryFolder("python-providers");
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it.each(["github", "gitlab", "circleci", "bitbucket", "buildkite", "forgejo"] as const)(
    "logs in from a %s job",
    async (provider) => {
      const repo = `acme/${provider}`;
      const home = path.join(folder.path, provider);
      mkdirSync(home);
      await hub.repo(repo);
      await using job = await hub.simulator.jobEnvironment(provider, {
        parentEnv: bareEnvironment(home),
        audiences: [hub.url],
        env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: repo },
      });
      const client = createClient({ environment: job.variables, writeDiagnostic: () => undefined });
      const claims = decodeJwt(await client.getOidcToken());
      const issuer = { provider, url: claims.iss, allow_origins: [hub.simulator.origin] };
      await hub.call("POST", "/api/postern/v1/issuers", { token: hub.adminToken, body: issuer });
      const added = await hub.publisher(`models/${repo}`, {
        provider,
        issuer: claims.iss,
        claims: Object.fromEntries(PINNED[provider].map((name) => [name, claims[name]])),
      });
      expect(added.status, added.text).toBe(201);

      const command = `${SHELL[provider]}\nexec /usr/bin/python3 -m huggingface_hub.cli.hf auth token`;
      const shown: Finished = await runCommand("/bin/sh", ["-c", command], {
        env: { ...job.variables, ...pythonEnvironment(home, pythonCheckout ?? "") },
        cwd: home,
      });
      expect(shown.code, shown.stderr).toBe(0);
      expect(shown.stdout.trim()).toMatch(/^hf_jwt_/);
    },
  );
});
