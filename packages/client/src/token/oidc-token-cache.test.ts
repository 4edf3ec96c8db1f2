import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { exchanged, KeylessWorld } from "../../testing/keyless-world.ts";
import type { Behaviour } from "../../testing/local-server.ts";

describe("the cache of exchanged tokens", () => {
  let world: KeylessWorld;

  beforeEach(async () => {
    world = await KeylessWorld.start();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const life = (expires_in: unknown): void => {
    world.hub.behave = (_, n) => ({ body: exchanged(`hf_jwt_exchanged-${n}`, { expires_in }) });
  };

  it("exchanges once for many calls, one after the other", async () => {
    const { client } = new Job(world.githubJob());
    expect(await client.getToken()).toBe(await client.getToken());
    expect(world.hub.received).toHaveLength(1);
  });

  it("exchanges once for many calls at the same time", async () => {
    const { client } = new Job(world.githubJob());
    const tokens = await Promise.all(Array.from({ length: 50 }, () => client.getToken()));
    expect(new Set(tokens)).toEqual(new Set(["hf_jwt_exchanged-0"]));
    expect([world.mint.received.length, world.hub.received.length]).toEqual([1, 1]);
  });

  it("keeps resources, endpoints and identities apart", async () => {
    const environment: Record<string, string | undefined> = { ...world.githubJob() };
    const { client } = new Job(environment);
    await client.getToken();
    await client.getToken({ resource: "datasets/acme/data" });
    await client.getToken({ endpoint: world.hub.origin.replace("127.0.0.1", "localhost") });
    environment.HF_OIDC_ID_TOKEN = idToken();
    await client.getToken();
    expect(world.hub.received).toHaveLength(4);
    environment.HF_OIDC_ID_TOKEN = undefined;
    expect(await client.getToken()).toBe("hf_jwt_exchanged-0");
    expect(world.hub.received).toHaveLength(4);
  });

  it("reads a changed resource variable at once", async () => {
    const environment: Record<string, string | undefined> = { ...world.githubJob() };
    const { client } = new Job(environment);
    await client.getToken();
    environment.HF_OIDC_RESOURCE = "datasets/acme/data";
    expect(await client.getToken()).toBe("hf_jwt_exchanged-1");
  });

  it("renews 300 seconds before expiry when it can mint again", async () => {
    const job = new Job(world.githubJob());
    await job.client.getToken();
    job.advance(3299);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-0");
    job.advance(1);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-1");
    expect(world.mint.received).toHaveLength(2);
  });

  it.each([
    ["HF_OIDC_ID_TOKEN", {}],
    ["ID_OF_GITLAB", { GITLAB_CI: "true" }],
  ])("keeps a token for its whole life when the id token came ready in %s", async (variable, more) => {
    const aud = world.hub.origin;
    const job = new Job({ HF_ENDPOINT: aud, HF_OIDC_RESOURCE: "a/b", [variable]: idToken({ aud }), ...more });
    await job.client.getToken();
    job.advance(3599);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-0");
    job.advance(1);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-1");
  });

  it.each([
    ["a numeral", "7200", 6900],
    ["missing", undefined, 3300],
  ])("renews in time when expires_in is %s", async (_, expires_in, refreshAfter) => {
    life(expires_in);
    const job = new Job(world.githubJob());
    await job.client.getToken();
    job.advance(refreshAfter - 1);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-0");
    job.advance(1);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-1");
  });

  it.each([300, 60, 2])("does not exchange on every call when a token lives for %d seconds", async (seconds) => {
    life(seconds);
    const job = new Job(world.githubJob());
    for (let call = 0; call < 20; call++) expect(await job.client.getToken()).toBe("hf_jwt_exchanged-0");
    job.advance(seconds / 2);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-1");
  });

  it("does not trust a token when the clock was set back", async () => {
    const job = new Job(world.githubJob());
    await job.client.getToken();
    job.advance(-7200);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-1");
  });

  it("does not remember a failure", async () => {
    world.hub.behave = (_, n): Behaviour =>
      n === 0 ? { status: 400, body: { error: "invalid_grant" } } : { body: exchanged("hf_jwt_second") };
    const { client } = new Job(world.githubJob());
    await expect(client.getToken()).rejects.toMatchObject({ code: "exchange_refused" });
    expect(await client.getToken()).toBe("hf_jwt_second");
  });

  it("fails every waiting caller with the same refusal", async () => {
    world.hub.behave = () => ({ status: 400, body: { error: "invalid_grant" } });
    const { client } = new Job(world.githubJob());
    const outcomes = await Promise.allSettled([client.getToken(), client.getToken(), client.getToken()]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(world.hub.received).toHaveLength(1);
  });

  it("serves the token that is still good while the hub is down, and asks again later", async () => {
    const job = new Job(world.githubJob());
    await job.client.getToken();
    world.hub.behave = () => ({ status: 502 });
    job.advance(3310);
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-0");
    expect(await job.client.getToken()).toBe("hf_jwt_exchanged-0");
    expect(world.hub.received).toHaveLength(2);
    job.advance(30);
    await job.client.getToken();
    expect(world.hub.received).toHaveLength(3);
    job.advance(300);
    await expect(job.client.getToken()).rejects.toMatchObject({ code: "exchange_failed" });
  });

  it("stops serving a token that is still good once the hub refuses a new one", async () => {
    const job = new Job(world.githubJob());
    await job.client.getToken();
    world.hub.behave = () => ({ status: 400, body: { error: "invalid_grant" } });
    job.advance(3310);
    await expect(job.client.getToken()).rejects.toMatchObject({ code: "exchange_refused" });
    await expect(job.client.getToken()).rejects.toMatchObject({ code: "exchange_refused" });
  });

  it("lets one caller abort without taking the others down", async () => {
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    world.hub.behave = async () => {
      arrived.resolve();
      await gate.promise;
      return { body: exchanged("hf_jwt_shared") };
    };
    const { client } = new Job(world.githubJob());
    const abort = new AbortController();
    const first = client.getToken({ signal: abort.signal });
    const second = client.getToken();
    // Watched from the start: it may give up before the exchange has arrived.
    const impatient = expect(client.getToken({ deadlineMs: 5 })).rejects.toMatchObject({ code: "timed_out" });
    await arrived.promise;
    abort.abort(new Error("first gave up"));
    await expect(first).rejects.toThrow("first gave up");
    await impatient;
    gate.resolve();
    expect(await second).toBe("hf_jwt_shared");
    expect(world.hub.received).toHaveLength(1);
  });

  it("keeps the token of an exchange whose only caller gave up", async () => {
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    world.hub.behave = async () => {
      arrived.resolve();
      await gate.promise;
      return { body: exchanged("hf_jwt_paid_for") };
    };
    const { client } = new Job(world.githubJob());
    const abort = new AbortController();
    const only = client.getToken({ signal: abort.signal });
    await arrived.promise;
    abort.abort();
    await expect(only).rejects.toMatchObject({ name: "AbortError" });
    gate.resolve();
    expect(await client.getToken()).toBe("hf_jwt_paid_for");
    expect(world.hub.received).toHaveLength(1);
  });

  it("does nothing for a caller that has aborted already", async () => {
    const { client } = new Job(world.githubJob());
    await expect(client.getToken({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(world.mint.received).toEqual([]);
  });
});
