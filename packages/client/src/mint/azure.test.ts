import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { LocalServer } from "../../testing/local-server.ts";

const AUDIENCE = "api://hub.example/postern";
const TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
let azure: LocalServer;
let folder: string;

beforeEach(async () => {
  azure = await LocalServer.start(() => ({ body: { access_token: idToken({ aud: AUDIENCE }), token_type: "Bearer" } }));
  folder = await mkdtemp(join(tmpdir(), "postern-azure-"));
});
afterEach(async () => {
  await azure[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function app(variables: Record<string, string | undefined> = {}): Job {
  return new Job({
    IDENTITY_ENDPOINT: `${azure.origin}/msi/token/`,
    IDENTITY_HEADER: "header-secret",
    HF_OIDC_AUDIENCE: AUDIENCE,
    ...variables,
  });
}

describe("a token of an Azure managed identity", () => {
  it("is asked for at the app's endpoint with its secret header", async () => {
    expect(await app({ AZURE_CLIENT_ID: "client-1" }).client.getOidcToken()).toMatch(/^eyJ/);
    const [request] = azure.received;
    expect(request?.url.pathname).toBe("/msi/token/");
    expect(request?.headers["x-identity-header"]).toBe("header-secret");
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({
      "api-version": "2019-08-01",
      resource: AUDIENCE,
      client_id: "client-1",
    });
  });

  it("keeps the secret header out of the debug output", async () => {
    const job = app({ HF_DEBUG: "1" });
    await job.client.getOidcToken();
    expect(job.diagnostics.join("\n")).toContain("msi/token");
    expect(job.diagnostics.join("\n")).not.toMatch(/header-secret|eyJ/);
  });

  it("is asked for at the instance's metadata where no app's endpoint is named", async () => {
    const seen: Request[] = [];
    const job = new Job(
      { HF_OIDC_PROVIDER: "azure", HF_OIDC_AUDIENCE: AUDIENCE },
      {
        fetch: async (input, init) => {
          seen.push(new Request(input, init));
          return Response.json({ access_token: idToken({ aud: AUDIENCE }) });
        },
      },
    );
    await job.client.getOidcToken();
    expect(seen[0]?.url).toBe(
      `http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${encodeURIComponent(AUDIENCE)}`,
    );
    expect(seen[0]?.headers.get("metadata")).toBe("true");
  });

  it("sends its secret header to nobody far away", async () => {
    for (const endpoint of ["https://evil.example/msi", "http://10.0.0.1/msi", "file:///etc/passwd", "nothing"]) {
      await expect(app({ IDENTITY_ENDPOINT: endpoint }).client.getOidcToken(), endpoint).rejects.toMatchObject({
        code: "invalid_option",
      });
    }
    expect(azure.received).toEqual([]);
  });

  it.each([
    [
      "the audience is unknown to the tenant",
      { status: 400, body: { error: "invalid_resource", error_description: "AADSTS500011: not found" } },
      /AADSTS500011.*HF_OIDC_AUDIENCE/,
    ],
    [
      "the token is sealed for one of Microsoft's services",
      { body: { access_token: "opaque" } },
      /your own app registration/,
    ],
    ["the answer holds no token", { body: {} }, /without a token/],
  ])("is refused when %s", async (_what, reply, message) => {
    azure.behave = () => reply;
    await expect(app().client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      message: expect.stringMatching(message),
    });
  });

  it("needs the header that Azure sets beside the endpoint", async () => {
    await expect(app({ IDENTITY_HEADER: undefined }).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_variable_missing",
    });
  });
});

describe("a token of an Azure workload identity", () => {
  function pod(variables: Record<string, string | undefined> = {}): Job {
    return new Job({
      HF_OIDC_PROVIDER: "azure",
      KUBERNETES_SERVICE_HOST: "10.0.0.1",
      AZURE_FEDERATED_TOKEN_FILE: join(folder, "token"),
      AZURE_AUTHORITY_HOST: `${azure.origin}/`,
      AZURE_TENANT_ID: TENANT,
      AZURE_CLIENT_ID: "client-1",
      HF_OIDC_AUDIENCE: AUDIENCE,
      ...variables,
    });
  }

  it("is traded for the pod's own token", async () => {
    const assertion = idToken({ aud: ["api://AzureADTokenExchange"] });
    await writeFile(join(folder, "token"), assertion);
    expect(await pod().client.getOidcToken()).toMatch(/^eyJ/);
    const [request] = azure.received;
    expect(request?.url.pathname).toBe(`/${TENANT}/oauth2/v2.0/token`);
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "client-1",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
      scope: `${AUDIENCE}/.default`,
    });
  });

  it.each([
    ["mint_variable_missing", "no client id", { AZURE_CLIENT_ID: undefined }],
    ["mint_variable_missing", "no tenant", { AZURE_TENANT_ID: "" }],
    ["mint_variable_missing", "a tenant that is a path", { AZURE_TENANT_ID: "../x" }],
    ["mint_variable_missing", "no file", { AZURE_FEDERATED_TOKEN_FILE: "/nonexistent/token" }],
    ["invalid_option", "a plain authority elsewhere", { AZURE_AUTHORITY_HOST: "http://login.example" }],
  ])("fails with %s for %s, and the pod's token stays where it is", async (code, _what, variables) => {
    await writeFile(join(folder, "token"), idToken());
    await expect(pod(variables).client.getOidcToken()).rejects.toMatchObject({ code });
    expect(azure.received).toEqual([]);
  });
});
