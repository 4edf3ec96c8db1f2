import { type Client, createClient } from "@postern/client";
import type { JobEnvironment, JobOptions, TokenRequest } from "@postern/simulator";
import { decodeJwt, type JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { posternCommand, runCommand } from "../harness/run-command.ts";
import { type Answer, type RunningHub, startHub } from "../harness/running-hub.ts";

type Provider = "github" | "gitlab" | "circleci" | "bitbucket" | "buildkite" | "forgejo";

/** What differs between the providers, as a person would write it down for each of them. */
interface Row {
  /** Claims that a publisher pins, with the values of the default job. */
  readonly pinned: readonly string[];
  /** Those of them that name a tenant by id; each alone is enough. */
  readonly tenants: readonly string[];
  /** Must be pinned besides. */
  readonly required?: string;
  /** Moves the job to another branch. */
  readonly otherBranch: TokenRequest["claims"] & object;
  readonly branchCode: string;
  /** What the same token meets when it comes again, and after how many uses. */
  readonly uses: number;
  readonly replayCode: string;
  /** What a job meets that a stranger's pull request started; our client's own error where it gets no id token. */
  readonly forkCode: string;
  /** Our client's error where the job gets no id token. */
  readonly withoutToken: string;
}

const ROWS: Readonly<Record<Provider, Row>> = {
  github: {
    pinned: ["repository_id", "repository_owner_id", "repository"],
    tenants: ["repository_id", "repository_owner_id"],
    otherBranch: { ref: "refs/heads/evil" },
    branchCode: "TP1803",
    uses: 1,
    replayCode: "TP1601",
    forkCode: "mint_fork_pull_request",
    withoutToken: "mint_permission_missing",
  },
  gitlab: {
    pinned: ["project_id", "namespace_id", "project_path"],
    tenants: ["project_id", "namespace_id"],
    otherBranch: { ref: "evil" },
    branchCode: "TP1803",
    uses: 10,
    replayCode: "TP1602",
    forkCode: "TP1903",
    withoutToken: "mint_variable_missing",
  },
  circleci: {
    pinned: ["oidc.circleci.com/project-id", "oidc.circleci.com/org-id", "oidc.circleci.com/vcs-origin"],
    tenants: ["oidc.circleci.com/project-id", "oidc.circleci.com/org-id"],
    required: "oidc.circleci.com/vcs-origin",
    otherBranch: { "oidc.circleci.com/vcs-ref": "refs/heads/evil" },
    branchCode: "TP1803",
    uses: 10,
    replayCode: "TP1602",
    forkCode: "TP1801",
    withoutToken: "mint_command_missing",
  },
  bitbucket: {
    pinned: ["repositoryUuid", "workspaceUuid"],
    tenants: ["repositoryUuid", "workspaceUuid"],
    otherBranch: { branchName: "evil" },
    branchCode: "TP1803",
    uses: 10,
    replayCode: "TP1602",
    forkCode: "TP1701",
    withoutToken: "mint_variable_missing",
  },
  buildkite: {
    pinned: ["pipeline_id", "organization_id", "pipeline_slug"],
    tenants: ["pipeline_id", "organization_id"],
    otherBranch: { build_branch: "evil" },
    branchCode: "TP1803",
    uses: 1,
    replayCode: "TP1601",
    forkCode: "TP1803",
    withoutToken: "mint_command_missing",
  },
  forgejo: {
    pinned: ["repository_id", "repository_owner_id", "repository"],
    tenants: ["repository_id", "repository_owner_id"],
    otherBranch: { ref: "refs/heads/evil" },
    branchCode: "TP1803",
    uses: 10,
    replayCode: "TP1602",
    forkCode: "TP1903",
    withoutToken: "mint_permission_missing",
  },
};

const STRANGER = "00000000-0000-4000-8000-000000000000";
let hub: RunningHub;

/** Another id of the same shape: a UUID, with or without braces, or a number. */
function strangersId(own: unknown): string {
  const text = String(own);
  if (/^\d+$/.test(text)) return "999999999999";
  return text.startsWith("{") ? `{${STRANGER}}` : STRANGER;
}

beforeAll(async () => {
  hub = await startHub();
  await hub.user("acme");
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

async function believe(provider: Provider, url: string): Promise<void> {
  const body = { provider, url, allow_origins: [hub.simulator.origin] };
  const added = await hub.call("POST", "/api/postern/v1/issuers", { token: hub.adminToken, body });
  // The harness stores those of GitHub and GitLab itself.
  expect([201, 409], added.text).toContain(added.status);
}

function jobOf(provider: Provider, resource: string, options: Partial<JobOptions> = {}) {
  return hub.simulator.jobEnvironment(provider, {
    parentEnv: process.env,
    audiences: [hub.url],
    ...options,
    env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: resource, NO_COLOR: "1", ...options.env },
  });
}

/** Our client in the job, its masking commands kept out of this test's own log. */
function clientIn(job: JobEnvironment, more: Parameters<typeof createClient>[0] = {}): Client {
  return createClient({ environment: job.variables, writeDiagnostic: () => undefined, ...more });
}

const START = Math.floor(Date.now() / 1000);
let secondsBack = 0;

/** An id token as the provider's own job gets it, through our client; no two of one second, which would be the same text. */
async function minted(provider: Provider, options: Partial<JobOptions> = {}): Promise<string> {
  secondsBack += 1;
  const iat = START - secondsBack;
  await using job = await jobOf(provider, "acme/x", { ...options, claims: { iat, ...options.claims } });
  return await clientIn(job).getOidcToken();
}

interface AuditLine {
  readonly event: string;
  readonly outcome: string;
  readonly resource: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

async function grants(): Promise<readonly AuditLine[]> {
  const log = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
  const lines: readonly AuditLine[] = log.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return lines.filter(({ event, outcome }) => event === "token.exchange" && outcome === "allowed");
}

async function refused(answer: Promise<Answer>, code: string): Promise<Answer> {
  const got = await answer;
  expect(got.json?.code, got.text).toBe(code);
  return got;
}

describe.each(["github", "gitlab", "circleci", "bitbucket", "buildkite", "forgejo"] as const)(
  "a %s job",
  (provider) => {
    const row = ROWS[provider];
    const repo = `acme/${provider}-model`;
    const other = `acme/${provider}-other`;
    let claims: JWTPayload;
    const publisher = (changes: Readonly<Record<string, unknown>> = {}, issuer = claims.iss) => ({
      provider,
      issuer,
      claims: { ...Object.fromEntries(row.pinned.map((name) => [name, claims[name]])), branch: "main", ...changes },
    });

    beforeAll(async () => {
      claims = decodeJwt(await minted(provider));
      await believe(provider, claims.iss ?? "");
      for (const name of [repo, other]) {
        await hub.repo(name);
        const added = await hub.publisher(`models/${name}`, publisher());
        expect(added.status, added.text).toBe(201);
      }
    });

    it("logs in with the library, and with the command", async () => {
      await using job = await jobOf(provider, repo);
      expect(await clientIn(job).getToken()).toMatch(/^hf_jwt_/);
      const [node, postern] = posternCommand;
      const shown = await runCommand(node, [postern, "auth", "token"], { env: { ...job.variables } });
      expect(shown.stderr.replaceAll(/^::add-mask::.*$/gm, "")).not.toMatch(/eyJ|hf_jwt_/);
      expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hf_jwt_\S+\n$/) });
    });

    it("logs in by a ready token in HF_OIDC_ID_TOKEN", async () => {
      const environment = { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: repo, HF_OIDC_ID_TOKEN: await minted(provider) };
      expect(await createClient({ environment }).getToken()).toMatch(/^hf_jwt_/);
    });

    it("logs in twice within one second", async () => {
      await using job = await jobOf(provider, repo);
      for (let n = 0; n < 2; n += 1) {
        const client = clientIn(job, { random: () => n / 2 });
        expect(await client.getToken()).toMatch(/^hf_jwt_/);
      }
    });

    it("leaves the run's address in the audit log", async () => {
      await hub.exchange(await minted(provider), repo);
      const mine = (await grants()).filter(({ detail }) => detail.provider === provider);
      expect(mine.at(-1)?.detail.run_url).toMatch(/^https?:\/\//);
    });

    it("is explained claim by claim when it runs on another branch", async () => {
      const token = await minted(provider, { claims: row.otherBranch });
      const answer = await refused(hub.exchange(token, repo), row.branchCode);
      expect(JSON.stringify(answer.json.errors)).toContain("branch: expected main, got evil");
    });

    it("learns nothing where only its names fit, because somebody else has the ids now", async () => {
      const strangers = Object.fromEntries(row.tenants.map((name) => [name, strangersId(claims[name])]));
      const name = `acme/${provider}-resurrected`;
      await hub.repo(name);
      expect((await hub.publisher(`models/${name}`, publisher(strangers))).status).toBe(201);
      const answer = await refused(hub.exchange(await minted(provider), name), "TP1701");
      for (const id of Object.values(strangers)) expect(answer.text).not.toContain(id);
    });

    it("meets the rule for forks when a stranger's pull request started it", async () => {
      const token = minted(provider, { scenario: "fork-pull-request" });
      if (row.forkCode.startsWith("mint_")) return expect(token).rejects.toMatchObject({ code: row.forkCode });
      await refused(hub.exchange(await token, repo), row.forkCode);
    });

    it("cannot use its token for another service", async () => {
      const token = await hub.simulator.issueToken(provider, { audience: `${hub.url}.evil.example` });
      await refused(hub.exchange(token, repo), "TP1501");
    });

    it("cannot use a token that a sister service may hold too", async () => {
      const token = await hub.simulator.issueToken(provider, { audience: [hub.url, "https://sister.example"] });
      await refused(hub.exchange(token, repo), "TP1503");
    });

    it("may come back with one token as often as its provider needs, and no more", async () => {
      const token = await minted(provider);
      for (let use = 0; use < row.uses; use += 1) expect((await hub.exchange(token, repo)).status).toBe(200);
      await refused(hub.exchange(token, repo), row.replayCode);
    });

    it("cannot carry a used token to another repo", async () => {
      const token = await minted(provider);
      expect((await hub.exchange(token, repo)).status).toBe(200);
      await refused(hub.exchange(token, other), row.replayCode);
    });

    it("cannot be trusted by name alone, but by each of its immutable ids", async () => {
      const { tenants, required } = row;
      const kept = (name: string | undefined) => (name === undefined ? {} : { [name]: claims[name] });
      const byName = await hub.publisher(`models/${repo}`, {
        provider,
        issuer: claims.iss,
        claims: { branch: "main", ...kept(required) },
      });
      expect(byName.status, byName.text).toBe(422);
      expect(byName.text).toContain(tenants[0]);
      for (const tenant of tenants) {
        const body = { provider, issuer: claims.iss, claims: { branch: "x", ...kept(tenant), ...kept(required) } };
        const byId = await hub.publisher(`models/${repo}`, body);
        expect(byId.status, byId.text).toBe(201);
      }
    });

    it("is told what it lacks when it gets no id token", async () => {
      await using job = await jobOf(provider, repo, { scenario: "no-id-token" });
      await expect(clientIn(job).getToken()).rejects.toMatchObject({
        code: row.withoutToken,
      });
    });
  },
);

describe("CircleCI", () => {
  const repo = "acme/circle-more";
  const org = (claims: JWTPayload) => ({
    "oidc.circleci.com/project-id": claims["oidc.circleci.com/project-id"],
    "oidc.circleci.com/vcs-origin": claims["oidc.circleci.com/vcs-origin"],
  });
  let claims: JWTPayload;

  beforeAll(async () => {
    claims = decodeJwt(await minted("circleci"));
    await believe("circleci", hub.simulator.issuerUrl("circleci"));
    await hub.repo(repo);
    const added = await hub.publisher(`models/${repo}`, {
      provider: "circleci",
      issuer: claims.iss,
      claims: org(claims),
    });
    expect(added.status, added.text).toBe(201);
  });

  it("serves jobs of the shared issuer too, as another publisher", async () => {
    const env = { POSTERN_CIRCLECI_ROOT_ISSUER: "1" };
    const issuer = hub.simulator.issuerUrl("circleci");
    await refused(hub.exchange(await minted("circleci", { env }), repo), "TP1701");
    const added = await hub.publisher(`models/${repo}`, { provider: "circleci", issuer, claims: org(claims) });
    expect(added.status, added.text).toBe(201);
    const token = await minted("circleci", { env });
    expect(decodeJwt(token).iss).toBe(issuer);
    expect((await hub.exchange(token, repo)).status).toBe(200);
  });

  it.each([true, "true", "false"])("is refused while somebody may sit in the job (ssh-rerun %j)", async (value) => {
    const token = await minted("circleci", { claims: { "oidc.circleci.com/ssh-rerun": value } });
    await refused(hub.exchange(token, repo), "TP1911");
  });

  it("needs the origin of the code, because builds of forks carry the project's own ids", async () => {
    const { "oidc.circleci.com/vcs-origin": _, ...others } = org(claims);
    const body = { provider: "circleci", issuer: claims.iss, claims: others };
    const answer = await hub.publisher(`models/${repo}`, body);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain("oidc.circleci.com/vcs-origin");
  });
});

describe("Bitbucket", () => {
  it("may add its own workspace's audience, which is written down", async () => {
    const repo = "acme/bitbucket-audiences";
    const claims = decodeJwt(await minted("bitbucket"));
    await hub.repo(repo);
    const { repositoryUuid } = claims;
    const body = { provider: "bitbucket", issuer: claims.iss, claims: { repositoryUuid } };
    expect((await hub.publisher(`models/${repo}`, body)).status).toBe(201);
    const own = `ari:cloud:bitbucket::workspace/${String(claims.workspaceUuid).slice(1, -1)}`;
    expect((await hub.exchange(await minted("bitbucket", { audiences: [own, hub.url] }), repo)).status).toBe(200);
    const written = (await grants()).find(({ resource }) => resource === `models/${repo}`);
    expect(written?.detail.audiences).toEqual([own, hub.url]);
    const foreign = `ari:cloud:bitbucket::workspace/${STRANGER}`;
    await refused(hub.exchange(await minted("bitbucket", { audiences: [foreign, hub.url] }), repo), "TP1503");
  });
});

describe("Buildkite", () => {
  it("is no tenant by slugs alone: a token that nobody asked for ids proves nothing", async () => {
    const repo = "acme/buildkite-slugs";
    const claims = decodeJwt(await minted("buildkite"));
    await hub.repo(repo);
    const { pipeline_id } = claims;
    const body = { provider: "buildkite", issuer: claims.iss, claims: { pipeline_id, pipeline_slug: "train" } };
    expect((await hub.publisher(`models/${repo}`, body)).status).toBe(201);
    const token = await hub.simulator.issueToken("buildkite", { audience: hub.url });
    await refused(hub.exchange(token, repo), "TP1701");
  });
});
