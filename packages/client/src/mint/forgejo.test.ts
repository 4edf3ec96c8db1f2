import { describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { LocalServer } from "../../testing/local-server.ts";

/** As Forgejo's runner sets them, GitHub's names included. */
const FORGEJO = { FORGEJO_ACTIONS: "true", GITEA_ACTIONS: "true", GITHUB_ACTIONS: "true" } as const;

describe("an id token from Forgejo Actions", () => {
  it("is asked for at the instance, and masked in its log", async () => {
    await using mint = await LocalServer.start(({ url }) => ({
      body: { value: idToken({ aud: url.searchParams.get("audience") }) },
    }));
    const job = new Job({
      ...FORGEJO,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${mint.origin}/idtoken?placeholder=true`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner-bearer",
    });
    expect(job.client.detectProvider()).toBe("forgejo");
    const token = await job.client.getOidcToken({ audience: "https://hub.example" });
    expect(Object.fromEntries(mint.received[0]?.url.searchParams ?? [])).toEqual({
      placeholder: "true",
      audience: "https://hub.example",
    });
    expect(job.diagnostics).toEqual([`::add-mask::${token}`]);
  });

  it("is out of reach without the keyword, and the advice is Forgejo's own", async () => {
    const error = await new Job(FORGEJO).client.getOidcToken().catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "mint_permission_missing",
      message: expect.stringContaining("enable-openid-connect: true"),
    });
    expect(error).not.toMatchObject({ message: expect.stringContaining("id-token: write") });
  });

  it("fails with what the instance says", async () => {
    await using mint = await LocalServer.start(() => ({ status: 403, body: { message: "missing scp" } }));
    const job = new Job({
      ...FORGEJO,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${mint.origin}/idtoken`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner-bearer",
    });
    await expect(job.client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      message: expect.stringMatching(/^Forgejo Actions refused .*403.*missing scp/),
    });
  });
});
