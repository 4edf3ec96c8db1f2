import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { LocalServer, type Received, type Reply } from "../../testing/local-server.ts";
import type { Runtime } from "../runtime/runtime.ts";

const ENDPOINT = "https://hub.example";
const KEYS = { AccessKeyId: "ASIAEXAMPLE", SecretAccessKey: "secret-key-value", Token: "session-token-value" };
const VARIABLES = {
  AWS_ACCESS_KEY_ID: KEYS.AccessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.SecretAccessKey,
  AWS_SESSION_TOKEN: KEYS.Token,
};
let aws: LocalServer;
let folder: string;

beforeEach(async () => {
  aws = await LocalServer.start(answer);
  folder = await mkdtemp(join(tmpdir(), "postern-aws-"));
});
afterEach(async () => {
  await aws[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function answer({ method, url, body }: Received): Reply {
  const form = new URLSearchParams(body);
  if (url.pathname === "/latest/api/token") return method === "PUT" ? { body: "imds-session" } : { status: 405 };
  if (url.pathname === "/latest/meta-data/placement/region") return { body: "eu-central-1" };
  if (url.pathname === "/latest/meta-data/iam/security-credentials/") return { body: "Publisher" };
  if (url.pathname.includes("credentials")) return { body: KEYS };
  const { Token, ...keys } = KEYS;
  if (form.get("Action") === "AssumeRoleWithWebIdentity")
    return {
      body: {
        AssumeRoleWithWebIdentityResponse: {
          AssumeRoleWithWebIdentityResult: { Credentials: { ...keys, SessionToken: Token } },
        },
      },
    };
  const WebIdentityToken = idToken({ aud: form.get("Audience.member.1") });
  return { body: { GetWebIdentityTokenResponse: { GetWebIdentityTokenResult: { WebIdentityToken } } } };
}

function job(variables: Record<string, string | undefined>, surroundings: Partial<Runtime> = {}): Job {
  return new Job(
    {
      HF_OIDC_PROVIDER: "aws",
      HF_ENDPOINT: ENDPOINT,
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_STS: aws.origin,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: aws.origin,
      ...variables,
    },
    surroundings,
  );
}

describe("an AWS web identity token", () => {
  it("is asked for with a signed request that carries the secret key nowhere", async () => {
    expect(await job(VARIABLES).client.getOidcToken()).toMatch(/^eyJ/);
    const [request] = aws.received;
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      Action: "GetWebIdentityToken",
      Version: "2011-06-15",
      "Audience.member.1": ENDPOINT,
      SigningAlgorithm: "ES384",
      DurationSeconds: "300",
    });
    expect(request?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/\d{8}\/us-east-1\/sts\/aws4_request, SignedHeaders=\S*host;\S*x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
    expect(request?.headers["x-amz-security-token"]).toBe(KEYS.Token);
    expect(JSON.stringify(aws.received)).not.toContain(KEYS.SecretAccessKey);
  });

  it("needs a package that is not installed with the client, and says which", async () => {
    await expect(job(VARIABLES, { loadAwsSigner: async () => undefined }).client.getOidcToken()).rejects.toMatchObject({
      code: "signer_missing",
      message: expect.stringContaining("npm install @smithy/signature-v4"),
    });
    expect(aws.received).toEqual([]);
  });

  it.each<readonly [string, Record<string, string>, readonly string[]]>([
    [
      "the container's endpoint",
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: "ORIGIN/v1/credentials", AWS_CONTAINER_AUTHORIZATION_TOKEN: "bearer-1" },
      ["/v1/credentials", "/"],
    ],
    [
      "a pod's web identity",
      { AWS_WEB_IDENTITY_TOKEN_FILE: "FILE", AWS_ROLE_ARN: "arn:aws:iam::1:role/P" },
      ["/", "/"],
    ],
    [
      "the instance",
      { AWS_REGION: "" },
      [
        "/latest/api/token",
        "/latest/meta-data/placement/region",
        "/latest/meta-data/iam/security-credentials/",
        "/latest/meta-data/iam/security-credentials/Publisher",
        "/",
      ],
    ],
  ])("is signed with the credentials of %s", async (_what, variables, paths) => {
    const file = join(folder, "token");
    await writeFile(file, idToken({ aud: ["sts.amazonaws.com"] }));
    const filled = Object.entries(variables).map(([name, value]) => [
      name,
      value.replace("ORIGIN", aws.origin).replace("FILE", file),
    ]);
    expect(await job(Object.fromEntries(filled)).client.getOidcToken()).toMatch(/^eyJ/);
    expect(aws.received.map(({ url }) => url.pathname)).toEqual(paths);
    expect(aws.received.at(-1)?.headers.authorization).toContain("Credential=ASIAEXAMPLE/");
    const bearer = variables.AWS_CONTAINER_AUTHORIZATION_TOKEN;
    if (bearer !== undefined) expect(aws.received[0]?.headers.authorization).toBe(bearer);
  });

  it("is read from XML too", async () => {
    const token = idToken({ aud: ENDPOINT });
    aws.behave = () => ({
      headers: { "content-type": "text/xml" },
      body: `<R xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><WebIdentityToken>${token}</WebIdentityToken></R>`,
    });
    expect(await job(VARIABLES).client.getOidcToken()).toBe(token);
  });

  it.each<readonly [string, Reply, RegExp]>([
    [
      "the account does not allow it",
      { status: 400, body: { Error: { Code: "OutboundWebIdentityFederationDisabled" } } },
      /OutboundWebIdentityFederationDisabled.*enable outbound/,
    ],
    [
      "the role may not",
      { status: 403, body: "<E><Code>AccessDenied</Code></E>" },
      /AccessDenied.*sts:GetWebIdentityToken/,
    ],
    [
      "the token is for another",
      { body: { WebIdentityToken: idToken({ aud: "https://x.example" }) } },
      /for the audience/,
    ],
    ["the answer is empty", { body: {} }, /for the audience/],
  ])("is refused when %s", async (_what, reply, message) => {
    aws.behave = () => reply;
    await expect(job(VARIABLES).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      message: expect.stringMatching(message),
    });
  });

  it.each<readonly [string, string, Record<string, string>]>([
    ["invalid_option", "credentials from far away", { AWS_CONTAINER_CREDENTIALS_FULL_URI: "https://evil.example/c" }],
    ["invalid_option", "a relative URI that is none", { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "//evil.example/c" }],
    ["invalid_option", "metadata from far away", { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://evil.example" }],
    ["invalid_option", "a plain STS elsewhere", { ...VARIABLES, AWS_ENDPOINT_URL_STS: "http://sts.example" }],
    ["mint_variable_missing", "no region", { ...VARIABLES, AWS_REGION: "" }],
    ["mint_variable_missing", "a region that is a host", { ...VARIABLES, AWS_REGION: "evil.example/" }],
  ])("fails with %s for %s, and nobody is asked", async (code, _what, variables) => {
    await expect(job(variables).client.getOidcToken()).rejects.toMatchObject({ code });
    expect(aws.received).toEqual([]);
  });

  it("shows no half of a secret when credentials are incomplete", async () => {
    aws.behave = () => ({ body: { AccessKeyId: "A", SecretAccessKey: KEYS.SecretAccessKey } });
    const error = await job({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.origin}/c` })
      .client.getOidcToken()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "mint_failed" });
    expect(JSON.stringify(error) + String(error)).not.toContain(KEYS.SecretAccessKey);
  });

  it("keeps what it is signed with out of the debug output", async () => {
    const debugging = job({ ...VARIABLES, HF_DEBUG: "1" });
    await debugging.client.getOidcToken();
    expect(debugging.diagnostics.join("\n")).toContain("GetWebIdentityToken");
    expect(debugging.diagnostics.join("\n")).not.toMatch(/secret-key-value|session-token-value|Signature=/);
  });
});
