import { describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";

const AUDIENCE = "https://hub.example";

function step(token: string | undefined): Job {
  return new Job({ BITBUCKET_BUILD_NUMBER: "7", HF_ENDPOINT: AUDIENCE, BITBUCKET_STEP_OIDC_TOKEN: token });
}

describe("an id token from Bitbucket Pipelines", () => {
  it.each([
    ["alone", [AUDIENCE]],
    ["as text", AUDIENCE],
    ["beside the workspace's own", ["ari:cloud:bitbucket::workspace/x", AUDIENCE]],
  ])("is the step's, where it names the endpoint %s", async (_, aud) => {
    const token = idToken({ aud });
    expect(await step(token).client.getOidcToken()).toBe(token);
  });

  it.each([undefined, "", "not.a.jwt"])(
    "is missing when the variable holds %j, and the advice shows the step",
    async (value) => {
      await expect(step(value).client.getOidcToken()).rejects.toMatchObject({
        code: "mint_variable_missing",
        message: expect.stringContaining(
          `    - step:\n        oidc:\n          audiences:\n            - ${AUDIENCE}\n`,
        ),
      });
    },
  );

  it.each([`${AUDIENCE}/`, "ari:cloud:bitbucket::workspace/x"])(
    "does not fit when it is for %s, and says so",
    async (aud) => {
      await expect(step(idToken({ aud: [aud] })).client.getOidcToken()).rejects.toMatchObject({
        code: "mint_variable_missing",
        message: expect.stringContaining(`BITBUCKET_STEP_OIDC_TOKEN is for ${aud};`),
      });
    },
  );
});
