import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { LocalServer } from "../../testing/local-server.ts";

const ENDPOINT = "https://hub.example";
const GOOGLE = { "metadata-flavor": "Google", "content-type": "text/html" };
let metadata: LocalServer;

beforeEach(async () => {
  metadata = await LocalServer.start(({ url }) => ({
    headers: GOOGLE,
    body: idToken({ aud: url.searchParams.get("audience") }),
  }));
});
afterEach(() => metadata[Symbol.asyncDispose]());

function machine(variables: Record<string, string | undefined> = {}): Job {
  return new Job({ HF_ENDPOINT: ENDPOINT, GCE_METADATA_HOST: new URL(metadata.origin).host, ...variables });
}

describe("an identity token from Google Cloud", () => {
  it("is asked for with the header that keeps web pages out, and with the machine's details", async () => {
    expect(await machine().client.getOidcToken()).toMatch(/^eyJ/);
    const [request] = metadata.received;
    expect(request?.url.pathname).toBe("/computeMetadata/v1/instance/service-accounts/default/identity");
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({ audience: ENDPOINT, format: "full" });
    expect(request?.headers["metadata-flavor"]).toBe("Google");
  });

  it.each([
    ["somebody else answers", { body: idToken({ aud: ENDPOINT }) }, /no Google metadata server/],
    ["no service account is attached", { status: 404, headers: GOOGLE, body: "not found" }, /Attach a service account/],
    ["the token is for another", { headers: GOOGLE, body: idToken({ aud: "https://x.example" }) }, /for the audience/],
    ["the answer is a page", { headers: GOOGLE, body: "<html>" }, /for the audience/],
  ])("is refused when %s", async (_what, reply, message) => {
    metadata.behave = () => reply;
    await expect(machine().client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      message: expect.stringMatching(message),
    });
  });

  it("is asked for at nobody far away, whatever the variable says", async () => {
    for (const host of [
      "evil.example",
      "10.0.0.1",
      "169.254.169.254@evil.example",
      "127.0.0.1.evil.example",
      "http://x",
      "a/b",
    ]) {
      const fetched: string[] = [];
      const job = new Job(
        { GCE_METADATA_HOST: host },
        { fetch: async (input) => Promise.reject(new Error(`fetched ${fetched.push(String(input))}`)) },
      );
      await expect(job.client.getOidcToken(), host).rejects.toMatchObject({ code: "invalid_option" });
      expect(fetched).toEqual([]);
    }
  });

  it("is asked for at Google's own name, and at an address with its port spelled out", async () => {
    for (const [host, origin] of [
      [undefined, "http://metadata.google.internal"],
      ["169.254.169.254:80", "http://169.254.169.254"],
    ]) {
      const asked: string[] = [];
      const job = new Job(
        { HF_OIDC_PROVIDER: "gcp", HF_ENDPOINT: ENDPOINT, GCE_METADATA_HOST: host },
        {
          fetch: async (input) => {
            asked.push(String(input));
            return new Response(idToken({ aud: ENDPOINT }), { headers: GOOGLE });
          },
        },
      );
      await job.client.getOidcToken();
      expect(asked).toEqual([expect.stringContaining(`${origin}/computeMetadata/v1/`)]);
    }
  });

  it("says what to do when there is no metadata server", async () => {
    const job = machine();
    await metadata[Symbol.asyncDispose]();
    await expect(job.client.getOidcToken()).rejects.toMatchObject({
      code: "network_failed",
      message: expect.stringContaining("service account attached"),
    });
    metadata = await LocalServer.start(() => ({}));
  });
});
