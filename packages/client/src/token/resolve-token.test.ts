import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { jsonOf, KeylessWorld } from "../../testing/keyless-world.ts";

describe("token resolution", () => {
  let world: KeylessWorld;
  let home: string;

  beforeEach(async () => {
    world = await KeylessWorld.start();
    home = await mkdtemp(join(tmpdir(), "postern-client-"));
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  it("mints, exchanges and returns the token of the job", async () => {
    const job = new Job(world.githubJob());
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-0");
    expect(world.mint.received[0]?.url.search).toBe(
      `?api-version=2.0&audience=${encodeURIComponent(world.hub.origin)}`,
    );
    expect(world.mint.received[0]?.headers.authorization).toBe("Bearer runner-bearer");
    const [exchange] = world.hub.received;
    expect(exchange?.method).toBe("POST");
    expect(exchange?.url.pathname).toBe("/oauth/token");
    expect(exchange?.headers.authorization).toBeUndefined();
    expect(jsonOf(exchange)).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      subject_token: expect.stringMatching(/^eyJ/),
      resource: "acme/model",
    });
  });

  it("prefers the keyless login over the environment and the file", async () => {
    await writeFile(join(home, "token"), "hf_file_token");
    const job = new Job(world.githubJob({ HF_TOKEN: "hf_environment_token", HF_HOME: home }));
    expect(await job.client.resolveToken()).toEqual({
      kind: "token",
      token: "hf_jwt_exchanged-0",
      source: "oidc",
      resource: "acme/model",
    });
  });

  it("prefers an explicit token over everything, without a request", async () => {
    const job = new Job(world.githubJob({ HF_TOKEN: "hf_environment_token" }));
    expect(await job.client.getToken({ token: " hf_explicit\r\n" })).toBe("hf_explicit");
    expect([...world.mint.received, ...world.hub.received]).toEqual([]);
  });

  it("refuses a blank explicit token instead of acting as somebody else", async () => {
    const job = new Job({ HF_TOKEN: "hf_environment_token" });
    await expect(job.client.getToken({ token: " \n" })).rejects.toMatchObject({ code: "token_blank" });
  });

  it("returns none when asked for none", async () => {
    const job = new Job(world.githubJob({ HF_TOKEN: "hf_environment_token" }));
    expect(await job.client.resolveToken({ token: false })).toEqual({ kind: "none", reason: "not_wanted" });
    expect(world.hub.received).toEqual([]);
  });

  it.each(["1", "on", "Yes", "TRUE"])("makes no exchange when the implicit-token switch is %s", async (value) => {
    const job = new Job(world.githubJob({ HF_HUB_DISABLE_IMPLICIT_TOKEN: value, HF_TOKEN: "hf_environment_token" }));
    expect(await job.client.resolveToken()).toEqual({ kind: "none", reason: "switched_off" });
    expect([...world.mint.received, ...world.hub.received]).toEqual([]);
  });

  it.each(["0", "", "off", "no", "y", "2"])("leaves the implicit token on for the value '%s'", async (value) => {
    const job = new Job(world.githubJob({ HF_HUB_DISABLE_IMPLICIT_TOKEN: value }));
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-0");
  });

  it("resolves in spite of the switch when the token is asked for", async () => {
    const job = new Job(world.githubJob({ HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }));
    expect(await job.client.getToken({ token: true })).toBe("hf_jwt_exchanged-0");
  });

  it("puts the keyless login last when the option says so", async () => {
    const job = new Job(world.githubJob({ HF_TOKEN: "hf_environment_token" }));
    expect(await job.client.getToken({ oidc: "last" })).toBe("hf_environment_token");
    expect(world.hub.received).toEqual([]);
  });

  it("puts the keyless login last when the variable says so, and still uses it when nothing is stored", async () => {
    const environment = world.githubJob({ HF_OIDC_PRECEDENCE: "last" });
    expect(await new Job({ ...environment, HF_TOKEN: "hf_environment_token" }).client.getToken()).toBe(
      "hf_environment_token",
    );
    expect(await new Job(environment).client.getToken()).toBe("hf_jwt_exchanged-0");
  });

  it("lets the option beat the precedence variable", async () => {
    const job = new Job(world.githubJob({ HF_OIDC_PRECEDENCE: "last", HF_TOKEN: "hf_environment_token" }));
    expect(await job.client.getToken({ oidc: "first" })).toBe("hf_jwt_exchanged-0");
  });

  it("refuses an unknown precedence", async () => {
    const job = new Job(world.githubJob({ HF_OIDC_PRECEDENCE: "never", HF_TOKEN: "hf_environment_token" }));
    await expect(job.client.getToken()).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("never falls through to a stored token when the exchange is refused", async () => {
    world.hub.behave = () => ({ status: 400, body: { error: "invalid_grant", error_description: "no publisher" } });
    const job = new Job(world.githubJob({ HF_TOKEN: "hf_environment_token", HF_HOME: home }));
    await expect(job.client.getToken()).rejects.toMatchObject({ code: "exchange_refused", error: "invalid_grant" });
  });

  it("fails before any request when there is neither a provider nor an id token", async () => {
    const job = new Job({ HF_OIDC_RESOURCE: "acme/model", HF_ENDPOINT: world.hub.origin, HF_TOKEN: "hf_other_token" });
    await expect(job.client.getToken()).rejects.toMatchObject({
      code: "no_provider",
      message: expect.stringMatching(/github .*gitlab .*HF_OIDC_ID_TOKEN/),
    });
    expect(world.hub.received).toEqual([]);
  });

  it("uses a ready id token instead of minting", async () => {
    const ready = idToken({ aud: world.hub.origin });
    const job = new Job(world.githubJob({ HF_OIDC_ID_TOKEN: `${ready}\n` }));
    await job.client.getToken();
    expect(world.mint.received).toEqual([]);
    expect(jsonOf(world.hub.received[0]).subject_token).toBe(ready);
  });

  it("treats empty variables as unset", async () => {
    const job = new Job({
      HF_OIDC_RESOURCE: "",
      HF_OIDC_ID_TOKEN: "",
      HF_TOKEN: "",
      HUGGING_FACE_HUB_TOKEN: "hf_older_token",
      HF_HOME: "",
      HF_ENDPOINT: "",
    });
    expect(await job.client.getToken()).toBe("hf_older_token");
  });

  it("reads an empty ready id token as unset and mints", async () => {
    await new Job(world.githubJob({ HF_OIDC_ID_TOKEN: "" })).client.getToken();
    expect(world.mint.received).toHaveLength(1);
  });

  it("refuses a resource of blanks alone", async () => {
    const job = new Job(world.githubJob({ HF_OIDC_RESOURCE: " \n", HF_TOKEN: "hf_environment_token" }));
    await expect(job.client.getToken()).rejects.toMatchObject({ code: "invalid_resource" });
  });

  it("cleans the token from the environment", async () => {
    expect(await new Job({ HF_TOKEN: " hf_envir\r\nonment \n" }).client.getToken()).toBe("hf_environment");
  });

  it("reads the second variable only when the first is empty", async () => {
    const job = new Job({ HF_TOKEN: "hf_newer", HUGGING_FACE_HUB_TOKEN: "hf_older" });
    expect(await job.client.getToken()).toBe("hf_newer");
  });

  it("reads and cleans the token file in the hub's home", async () => {
    await writeFile(join(home, "token"), "\r\n hf_file_token \n");
    expect(await new Job({ HF_HOME: home }).client.resolveToken()).toEqual({
      kind: "token",
      token: "hf_file_token",
      source: "file",
    });
  });

  it("expands variables and the home directory in the token path", async () => {
    await writeFile(join(home, "my-token"), "hf_file_token");
    const byVariable = new Job({ HF_TOKEN_PATH: "$" + "{PLACE}/my-token", PLACE: home });
    expect(await byVariable.client.getToken()).toBe("hf_file_token");
    const byHome = new Job({ HF_TOKEN_PATH: "~/my-token" }, { homeDirectory: () => home });
    expect(await byHome.client.getToken()).toBe("hf_file_token");
  });

  it("finds no token in a missing or empty file", async () => {
    await writeFile(join(home, "token"), "\n");
    expect(await new Job({ HF_HOME: home }).client.getToken()).toBeUndefined();
    expect(await new Job({ HF_HOME: join(home, "none") }).client.resolveToken()).toEqual({
      kind: "none",
      reason: "not_found",
    });
  });

  it("reports a token file that cannot be read", async () => {
    const job = new Job({ HF_TOKEN_PATH: home });
    await expect(job.client.getToken()).rejects.toMatchObject({ code: "token_file_unreadable" });
  });

  it("strips trailing slashes from the endpoint and asks for exactly that audience", async () => {
    await new Job(world.githubJob({ HF_ENDPOINT: `${world.hub.origin}///` })).client.getToken();
    expect(world.mint.received[0]?.url.searchParams.get("audience")).toBe(world.hub.origin);
    expect(world.hub.received[0]?.url.pathname).toBe("/oauth/token");
  });

  it.each(["hub.corp", "ftp://hub.corp", "https://user:pw@hub.corp", "https://hub.corp?x=1", "https://hub.corp/#a"])(
    "refuses %s as an endpoint",
    async (endpoint) => {
      const job = new Job(world.githubJob({ HF_ENDPOINT: endpoint }));
      await expect(job.client.getToken()).rejects.toMatchObject({ code: "invalid_endpoint" });
      expect(world.mint.received).toEqual([]);
    },
  );

  it("makes no request while offline", async () => {
    const job = new Job(world.githubJob({ HF_HUB_OFFLINE: "1" }));
    await expect(job.client.getToken()).rejects.toMatchObject({ code: "offline" });
    expect([...world.mint.received, ...world.hub.received]).toEqual([]);
  });
});
