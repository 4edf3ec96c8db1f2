import { describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { detectProvider } from "./choose-id-token-source.ts";

describe("provider detection", () => {
  it.each([
    [{ GITHUB_ACTIONS: "true" }, "github"],
    [{ GITLAB_CI: "true" }, "gitlab"],
    [{ GITHUB_ACTIONS: "1" }, undefined],
    [{ GITHUB_ACTIONS: "True" }, undefined],
    [{ CIRCLECI: "true" }, "circleci"],
    [{ CIRCLECI: "1" }, undefined],
    [{ BITBUCKET_BUILD_NUMBER: "12" }, "bitbucket"],
    [{ BITBUCKET_BUILD_NUMBER: "" }, undefined],
    [{ BUILDKITE: "true" }, "buildkite"],
    [{ GITHUB_ACTIONS: "true", FORGEJO_ACTIONS: "true" }, "forgejo"],
    [{ TRAVIS: "true" }, undefined],
    [{ KUBERNETES_SERVICE_HOST: "10.96.0.1" }, "kubernetes"],
    [{ KUBERNETES_SERVICE_HOST: "10.96.0.1", GITHUB_ACTIONS: "true" }, "github"],
    [
      { KUBERNETES_SERVICE_HOST: "10.96.0.1", AWS_WEB_IDENTITY_TOKEN_FILE: "/t", AZURE_FEDERATED_TOKEN_FILE: "/t" },
      "kubernetes",
    ],
    [{ HF_OIDC_ID_TOKEN_FILE: "/t" }, "kubernetes"],
    [{ AZURE_FEDERATED_TOKEN_FILE: "/t" }, "azure"],
    [{ IDENTITY_ENDPOINT: "http://127.0.0.1/msi" }, "azure"],
    [{ AWS_LAMBDA_FUNCTION_NAME: "f" }, "aws"],
    [{ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/c" }, "aws"],
    [{ AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "x" }, undefined],
    [{ K_SERVICE: "s" }, "gcp"],
    [{ GCE_METADATA_HOST: "169.254.169.254" }, "gcp"],
    [{}, undefined],
  ])("reads %j as %s", (environment, expected) => {
    expect(detectProvider(environment)).toBe(expected);
  });
});

describe("the source of an id token", () => {
  it("is refused for an unknown provider, with a list of the known ones", async () => {
    await expect(new Job({}).client.getOidcToken({ provider: "travis" })).rejects.toMatchObject({
      code: "unsupported_provider",
      message: expect.stringMatching(/travis.*github .*gitlab/),
    });
  });

  it("is refused without a provider, with a list of the known ones and another error", async () => {
    await expect(new Job({}).client.getOidcToken()).rejects.toMatchObject({
      code: "no_provider",
      message: expect.stringMatching(/github .*gitlab .*HF_OIDC_ID_TOKEN/),
    });
  });

  it("is the named provider although a ready id token is there", async () => {
    const own = idToken({ aud: "https://huggingface.co" });
    const job = new Job({
      HF_OIDC_ID_TOKEN: idToken(),
      MINE: own,
      GITLAB_CI: "true",
      HF_ENDPOINT: "https://huggingface.co",
    });
    // Both variables fit; the named provider decides by its own rules instead of taking the ready one.
    await expect(job.client.getOidcToken({ provider: "gitlab" })).rejects.toMatchObject({
      code: "mint_variable_ambiguous",
    });
  });
});

describe("HF_OIDC_PROVIDER", () => {
  it("chooses among the identities that a pod has", async () => {
    const job = new Job({
      HF_OIDC_PROVIDER: "azure",
      KUBERNETES_SERVICE_HOST: "10.96.0.1",
      IDENTITY_ENDPOINT: "https://far.example",
    });
    await expect(job.client.getOidcToken()).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("gives way to the caller's own choice, and must name a provider", async () => {
    const environment = { HF_OIDC_PROVIDER: "travis" };
    await expect(new Job(environment).client.getOidcToken()).rejects.toMatchObject({ code: "unsupported_provider" });
    await expect(new Job(environment).client.getOidcToken({ provider: "gitlab" })).rejects.toMatchObject({
      code: "mint_variable_missing",
    });
  });
});

describe("HF_OIDC_AUDIENCE", () => {
  it("stands in for the endpoint, and gives way to the caller", async () => {
    const token = idToken({ aud: "api://hub" });
    const job = new Job({
      GITLAB_CI: "true",
      HF_ENDPOINT: "https://hub.example",
      HF_OIDC_AUDIENCE: "api://hub",
      A: token,
    });
    expect(await job.client.getOidcToken()).toBe(token);
    await expect(job.client.getOidcToken({ audience: "https://hub.example" })).rejects.toMatchObject({
      code: "mint_variable_missing",
    });
  });
});
