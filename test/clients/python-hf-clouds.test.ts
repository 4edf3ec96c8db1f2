import { mkdirSync } from "node:fs";
import path from "node:path";
import { createClient } from "@postern/client";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareEnvironment, runCommand } from "../harness/run-command.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { pythonCheckout, pythonEnvironment } from "./python-hf.ts";

const AUDIENCE = "api://hub.example/postern";

/** How each workload hands its id token to the unmodified `hf` (docs/reference/providers.md). */
const WORKLOADS = [
  {
    provider: "kubernetes",
    shell: `export HF_OIDC_ID_TOKEN="$(cat "$HF_OIDC_ID_TOKEN_FILE")"`,
    pin: (claims: Readonly<Record<string, unknown>>) => ({
      "/kubernetes.io/serviceaccount/uid": Object(claims["kubernetes.io"]).serviceaccount.uid,
    }),
  },
  {
    provider: "gcp",
    shell: `export HF_OIDC_ID_TOKEN="$(curl -fsS -H 'Metadata-Flavor: Google' "http://$GCE_METADATA_HOST/computeMetadata/v1/instance/service-accounts/default/identity?audience=$HF_ENDPOINT&format=full")"`,
    pin: ({ sub }: Readonly<Record<string, unknown>>) => ({ sub }),
  },
  {
    provider: "azure",
    shell: `export HF_OIDC_ID_TOKEN="$(curl -fsS -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=$HF_OIDC_AUDIENCE" | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')"`,
    pin: ({ oid, tid }: Readonly<Record<string, unknown>>) => ({ oid, tid }),
    audience: AUDIENCE,
  },
] as const;

describe.skipIf(pythonCheckout === undefined)("the unmodified Python client", () => {
  let hub: RunningHub;
  let folder: TemporaryFolder;

  beforeAll(async () => {
    hub = await startHub();
    await hub.user("acme");
    folder = temporaryFolder("python-clouds");
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it.each(WORKLOADS)("logs in from a workload on $provider", async (workload) => {
    const { provider, shell, pin } = workload;
    const repo = `acme/${provider}`;
    const home = path.join(folder.path, provider);
    mkdirSync(home);
    await hub.repo(repo);
    const own = "audience" in workload ? { audience: workload.audience } : {};
    await using job = await hub.simulator.jobEnvironment(provider, {
      parentEnv: bareEnvironment(home),
      audiences: [hub.url],
      env: {
        HF_ENDPOINT: hub.url,
        HF_OIDC_RESOURCE: repo,
        ...(own.audience === undefined ? {} : { HF_OIDC_AUDIENCE: own.audience }),
      },
    });
    const claims = decodeJwt(await createClient({ environment: job.variables }).getOidcToken());
    const issuer = { provider, url: claims.iss, allow_origins: [hub.simulator.origin] };
    await hub.call("POST", "/api/postern/v1/issuers", { token: hub.adminToken, body: issuer });
    const added = await hub.publisher(`models/${repo}`, { provider, issuer: claims.iss, claims: pin(claims), ...own });
    expect(added.status, added.text).toBe(201);

    const command = `${shell}\nexec /usr/bin/python3 -m huggingface_hub.cli.hf auth token`;
    const shown = await runCommand("/bin/sh", ["-c", command], {
      env: { ...job.variables, ...pythonEnvironment(home, pythonCheckout ?? "") },
      cwd: home,
    });
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout.trim()).toMatch(/^hf_jwt_/);
  });
});
