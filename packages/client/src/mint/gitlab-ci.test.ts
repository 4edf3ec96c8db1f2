import { describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";

const ENDPOINT = "https://hub.example";
const gitlab = { iss: "https://gitlab.com" };

function gitlabJob(variables: Record<string, string | undefined>): Job {
  return new Job({ GITLAB_CI: "true", CI_SERVER_URL: "https://gitlab.com", HF_ENDPOINT: ENDPOINT, ...variables });
}

describe("an id token from GitLab CI", () => {
  it.each([
    ["a string", ENDPOINT],
    ["a list", ["https://other.example", ENDPOINT]],
  ])("is the variable whose audience names the endpoint in %s", async (_, aud) => {
    const token = idToken({ ...gitlab, aud });
    const job = gitlabJob({ VAULT: idToken({ ...gitlab, aud: "https://vault.example" }), MY_TOKEN: token, OTHER: "x" });
    expect(await job.client.getOidcToken()).toBe(token);
  });

  it("is found once although two variables hold the same one", async () => {
    const token = idToken({ ...gitlab, aud: ENDPOINT });
    expect(await gitlabJob({ A: token, B: token }).client.getOidcToken()).toBe(token);
  });

  it("is missing when no variable fits, and the advice shows what to write", async () => {
    await expect(gitlabJob({}).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_variable_missing",
      message: expect.stringContaining(`  id_tokens:\n    HF_OIDC_ID_TOKEN:\n      aud: ${ENDPOINT}\n`),
    });
  });

  it.each([`${ENDPOINT}/`, "https://hub.example.evil", "https://hub.exampl", "HTTPS://HUB.EXAMPLE"])(
    "does not fit when its audience is %s, and the advice names the variable",
    async (aud) => {
      await expect(gitlabJob({ NEARLY: idToken({ ...gitlab, aud }) }).client.getOidcToken()).rejects.toMatchObject({
        code: "mint_variable_missing",
        message: expect.stringContaining(`NEARLY has the audience ${aud}`),
      });
    },
  );

  it("does not talk about JWTs of other issuers", async () => {
    const job = gitlabJob({ PRIVATE: idToken({ iss: "https://idp.corp", aud: "https://secret-service.corp" }) });
    const error = await job.client.getOidcToken().catch((e: unknown) => e);
    expect(error).not.toMatchObject({ message: expect.stringMatching(/PRIVATE|secret-service/) });
  });

  it("is ambiguous when two different ones fit, and the advice names both variables but no token", async () => {
    const [a, b] = [idToken({ ...gitlab, aud: ENDPOINT }), idToken({ ...gitlab, aud: ENDPOINT })];
    const error = await gitlabJob({ FIRST_ONE: a, SECOND_ONE: b })
      .client.getOidcToken()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "mint_variable_ambiguous",
      message: expect.stringMatching(/FIRST_ONE, SECOND_ONE.*HF_OIDC_ID_TOKEN/),
    });
    expect(error).not.toMatchObject({ message: expect.stringContaining("eyJ") });
  });

  it("is the ready one in HF_OIDC_ID_TOKEN when several fit", async () => {
    const ready = idToken({ ...gitlab, aud: ENDPOINT });
    const job = gitlabJob({ A: idToken({ ...gitlab, aud: ENDPOINT }), HF_OIDC_ID_TOKEN: ready });
    expect(await job.client.getOidcToken()).toBe(ready);
  });

  it.each(["a.b.c", "eyJhbGciOiJub25lIn0.e30", `${idToken()}.x`, "eyJh.%%%.x", "..", ""])(
    "is not taken from %s",
    async (value) => {
      await expect(gitlabJob({ VALUE: value }).client.getOidcToken()).rejects.toMatchObject({
        code: "mint_variable_missing",
      });
    },
  );
});
