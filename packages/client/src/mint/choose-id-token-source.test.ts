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
    [{ TRAVIS: "true" }, undefined],
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
