import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";

const ENDPOINT = "https://hub.example";
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-pod-"));
  path = join(folder, "token");
});
afterEach(() => rm(folder, { recursive: true }));

function pod(variables: Record<string, string | undefined> = {}): Job {
  return new Job({
    KUBERNETES_SERVICE_HOST: "10.96.0.1",
    HF_ENDPOINT: ENDPOINT,
    HF_OIDC_ID_TOKEN_FILE: path,
    ...variables,
  });
}

describe("an id token from a pod", () => {
  it("is the one in the projected file, read again each time because the kubelet renews it", async () => {
    const job = pod();
    for (const token of [idToken({ aud: [ENDPOINT] }), idToken({ aud: [ENDPOINT] })]) {
      await writeFile(path, `${token}\n`);
      expect(await job.client.getOidcToken()).toBe(token);
    }
  });

  it.each([
    ["the API server's", ["https://kubernetes.default.svc"]],
    ["one for two services", [ENDPOINT, "https://kubernetes.default.svc"]],
    ["a legacy token without an audience", undefined],
    ["one with another slash", [`${ENDPOINT}/`]],
  ])("is never %s: nothing is sent, and the advice shows the manifest", async (_what, aud) => {
    const token = idToken({ aud });
    await writeFile(path, token);
    const error = await pod()
      .client.getOidcToken()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "mint_variable_missing",
      message: expect.stringContaining(`                  audience: ${ENDPOINT}\n`),
    });
    expect(error).not.toMatchObject({ message: expect.stringContaining(token) });
  });

  it("is missing without a file, also in a pod that has the cluster's own token only", async () => {
    await expect(pod({ HF_OIDC_ID_TOKEN_FILE: undefined }).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_variable_missing",
      message: expect.stringMatching(/\/var\/run\/secrets\/postern\/token.*HF_OIDC_ID_TOKEN_FILE.*HF_OIDC_PROVIDER/s),
    });
  });

  it("is refused from a file that holds something else, which is not shown", async () => {
    await writeFile(path, "-----BEGIN PRIVATE KEY-----");
    const error = await pod()
      .client.getOidcToken()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "mint_failed" });
    expect(error).not.toMatchObject({ message: expect.stringContaining("PRIVATE") });
  });

  it("says which file cannot be read", async () => {
    await expect(pod({ HF_OIDC_ID_TOKEN_FILE: folder }).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      message: expect.stringContaining(folder),
    });
  });
});
