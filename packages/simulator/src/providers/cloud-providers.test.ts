import { readFile } from "node:fs/promises";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type JobEnvironment,
  type JobOptions,
  type SimulatedProviderId,
  type Simulator,
  startSimulator,
} from "../index.ts";

const AUDIENCE = "https://hub.example";
const TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

function job(provider: SimulatedProviderId, options: Partial<JobOptions> = {}): Promise<JobEnvironment> {
  return simulator.jobEnvironment(provider, { parentEnv: {}, audiences: [AUDIENCE], ...options });
}

describe.each([
  ["kubernetes", "RS256", ["jti", "nbf"]],
  ["gcp", "RS256", []],
  ["aws", "ES384", ["jti"]],
  ["azure", "RS256", ["nbf", "uti"]],
] as const)("a token of %s", (provider, alg, optional) => {
  it("verifies by what its issuer publishes, with the provider's algorithm and registered claims", async () => {
    const token = await simulator.issueToken(provider, { audience: AUDIENCE });
    const { iss = "" } = decodeJwt(token);
    const discovery = await (await fetch(`${iss.replace(/\/$/, "")}/.well-known/openid-configuration`)).json();
    expect(discovery.issuer).toBe(iss);
    const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: iss,
      audience: AUDIENCE,
      algorithms: [alg],
    });
    expect(protectedHeader).toEqual({ alg, typ: "JWT", kid: expect.any(String) });
    expect(["jti", "nbf", "uti"].filter((name) => Object.hasOwn(payload, name))).toEqual(optional);
    expect(Array.isArray(payload.aud)).toBe(provider === "kubernetes");
  });
});

describe("nested claims", () => {
  it("follow an override by JSON pointer, and what is derived follows it", async () => {
    const claims = {
      "/kubernetes.io/namespace": "prod",
      "/kubernetes.io/node": undefined,
      "/kubernetes.io/extra/a~1b": 1,
    };
    const token = decodeJwt(await simulator.issueToken("kubernetes", { claims }));
    expect(token.sub).toBe("system:serviceaccount:prod:publisher");
    expect(token["kubernetes.io"]).toMatchObject({
      namespace: "prod",
      extra: { "a/b": 1 },
      pod: { name: "publisher-x7x2v" },
    });
    expect(token["kubernetes.io"]).not.toHaveProperty("node");
    const aws = decodeJwt(
      await simulator.issueToken("aws", { claims: { "/https:~1~1sts.amazonaws.com~1/aws_account": "210987654321" } }),
    );
    expect(aws.sub).toBe("arn:aws:iam::210987654321:role/Publisher");
    expect(aws["https://sts.amazonaws.com/"]).toMatchObject({ aws_account: "210987654321" });
  });
});

describe("a job's surroundings", () => {
  it("of Kubernetes hold a token for the audience in a file, and none when the manifest asks for none", async () => {
    await using pod = await job("kubernetes");
    const token = await readFile(pod.variables.HF_OIDC_ID_TOKEN_FILE ?? "", "utf8");
    expect(decodeJwt(token).aud).toEqual([AUDIENCE]);
    await using bare = await job("kubernetes", { scenario: "no-id-token" });
    await expect(readFile(bare.variables.HF_OIDC_ID_TOKEN_FILE ?? "")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("of Google Cloud answer with the header only, and with the same token again", async () => {
    await using machine = await job("gcp");
    const base = `http://${machine.variables.GCE_METADATA_HOST}/computeMetadata/v1/instance/service-accounts/default/identity`;
    const ask = (query: string, headers: Record<string, string>) => fetch(`${base}${query}`, { headers });
    expect((await ask(`?audience=${AUDIENCE}`, {})).status).toBe(403);
    expect((await ask("", { "Metadata-Flavor": "Google" })).status).toBe(400);
    const [one, two] = [
      await ask("?audience=a", { "Metadata-Flavor": "Google" }),
      await ask("?audience=a", { "Metadata-Flavor": "Google" }),
    ];
    expect(one.headers.get("metadata-flavor")).toBe("Google");
    expect(await one.text()).toBe(await two.text());
  });

  it("of Azure know the secret header and registered audiences only", async () => {
    await using app = await job("azure");
    const { IDENTITY_ENDPOINT: endpoint = "", IDENTITY_HEADER: secret = "" } = app.variables;
    const ask = async (resource: string, header: string) => {
      const response = await fetch(`${endpoint}?api-version=2019-08-01&resource=${resource}`, {
        headers: { "X-IDENTITY-HEADER": header },
      });
      return { status: response.status, body: await response.json() };
    };
    expect((await ask("api://hub", "wrong")).status).toBe(401);
    expect(await ask(AUDIENCE, secret)).toMatchObject({ status: 400, body: { error: "invalid_resource" } });
    const { body } = await ask("api://hub", secret);
    expect(decodeJwt(body.access_token)).toMatchObject({
      iss: `${simulator.origin}/azure/${TENANT}/`,
      aud: "api://hub",
      ver: "1.0",
    });
  });

  it("of AWS refuse a request that is not signed, or signed with another key", async () => {
    await using lambda = await job("aws");
    const { AWS_ENDPOINT_URL_STS: sts = "" } = lambda.variables;
    const body = new URLSearchParams({
      Action: "GetWebIdentityToken",
      Version: "2011-06-15",
      "Audience.member.1": AUDIENCE,
    });
    expect((await fetch(sts, { method: "POST", body })).status).toBe(403);
    const headers = {
      authorization: `AWS4-HMAC-SHA256 Credential=${lambda.variables.AWS_ACCESS_KEY_ID}/20261121/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=${"0".repeat(64)}`,
      "x-amz-date": "20261121T000000Z",
      "x-amz-security-token": lambda.variables.AWS_SESSION_TOKEN ?? "",
    };
    const forged = await fetch(sts, { method: "POST", body, headers });
    expect({ status: forged.status, text: await forged.text() }).toEqual({
      status: 403,
      text: expect.stringContaining("SignatureDoesNotMatch"),
    });
  });

  it.each(["gcp", "azure", "aws"] as const)(
    "of %s break with the fault mint-500, and end with the job",
    async (provider) => {
      const app = await job(provider);
      const { GCE_METADATA_HOST: host, IDENTITY_ENDPOINT: identity, AWS_ENDPOINT_URL_STS: sts } = app.variables;
      const url = host === undefined ? (identity ?? sts ?? "") : `http://${host}/`;
      await simulator.setFaults(provider, [{ kind: "mint-500" }]);
      expect((await fetch(url)).status).toBe(500);
      await simulator.setFaults(provider, []);
      await app[Symbol.asyncDispose]();
      await expect(fetch(url)).rejects.toThrow();
    },
  );
});
