import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { exchanged, jsonOf } from "../../testing/keyless-world.ts";
import { LocalServer, type Reply } from "../../testing/local-server.ts";

describe("the exchange", () => {
  let hub: LocalServer;
  let job: Job;

  beforeEach(async () => {
    hub = await LocalServer.start(() => ({
      headers: { "x-request-id": "req-1" },
      body: exchanged("hf_jwt_exchanged", { scope: "write" }),
    }));
    job = new Job({ HF_ENDPOINT: hub.origin });
  });
  afterEach(() => hub[Symbol.asyncDispose]());

  function exchange(subjectToken = idToken({ aud: hub.origin }), resource = "datasets/acme/data") {
    return job.client.exchangeOidcToken({ subjectToken, resource });
  }
  const always = (reply: Reply): void => {
    hub.behave = () => reply;
  };

  it("returns the token and what the server said about it", async () => {
    expect(await exchange()).toEqual({
      accessToken: "hf_jwt_exchanged",
      tokenType: "bearer",
      expiresInSeconds: 3600,
      issuedTokenType: "urn:ietf:params:oauth:token-type:access_token",
      scope: "write",
      requestId: "req-1",
    });
    expect(jsonOf(hub.received[0]).resource).toBe("datasets/acme/data");
  });

  it("goes to the endpoint that is given, a path included", async () => {
    await job.client.exchangeOidcToken({ subjectToken: idToken(), resource: "a/b", endpoint: `${hub.origin}/hub//` });
    expect(hub.received[0]?.url.pathname).toBe("/hub/oauth/token");
  });

  it("mints for the endpoint and exchanges in one call", async () => {
    const token = await job.client.oidcLogin({ resource: "acme/model", subjectToken: ` ${idToken()}\n` });
    expect(token.accessToken).toBe("hf_jwt_exchanged");
    expect(jsonOf(hub.received[0]).subject_token).toMatch(/^eyJ\S+$/);
  });

  it.each([
    ["a number", 1800, 1800],
    ["a numeral", "1800", 1800],
    ["missing", undefined, 3600],
    ["null", null, 3600],
    ["no number", "soon", 3600],
  ])("reads a life that is %s", async (_, expires_in, expected) => {
    always({ body: exchanged("hf_jwt_x", { expires_in }) });
    expect((await exchange()).expiresInSeconds).toBe(expected);
  });

  it.each([
    ["no token", {}],
    ["an empty token", { access_token: "" }],
    ["a token that is no text", { access_token: 5 }],
    ["a token with a line break", { access_token: "hf_x\n::set-output::" }],
    ["a token with a blank", { access_token: "hf_a b" }],
    ["an endless token", { access_token: `hf_${"x".repeat(9000)}` }],
    ["a life that is over", { access_token: "hf_x", expires_in: 0 }],
    ["a list", []],
    ["a page", "<html>"],
  ])("is malformed when answered with %s", async (_, body) => {
    always({ body });
    await expect(exchange()).rejects.toMatchObject({ code: "response_malformed" });
  });

  it("surfaces the refusal's code, description, lines and request id", async () => {
    always({
      status: 400,
      headers: { "x-request-id": "req-7" },
      body: {
        error: "invalid_grant",
        error_description: "[TP1802] no publisher accepts the branch",
        code: "TP1802",
        errors: [{ message: "branch: expected main, got dev" }, "workflow: ok", 5, { x: 1 }],
      },
    });
    const error = await exchange().catch((e: unknown) => e);
    expect(error).toMatchObject({
      name: "OidcError",
      code: "exchange_refused",
      status: 400,
      requestId: "req-7",
      exchangeCode: "TP1802",
      error: "invalid_grant",
      errorDescription: "[TP1802] no publisher accepts the branch",
      errors: ["branch: expected main, got dev", "workflow: ok"],
    });
    for (const part of ["invalid_grant", "TP1802", "req-7", "datasets/acme/data"]) {
      expect(error).toMatchObject({ message: expect.stringContaining(part) });
    }
    expect(hub.received).toHaveLength(1);
  });

  it("says when the id token's audience is not the endpoint", async () => {
    always({ status: 400, body: { error: "invalid_grant" } });
    await expect(exchange(idToken({ aud: "https://other.example" }))).rejects.toMatchObject({
      message: expect.stringContaining("audience is https://other.example, not http://127.0.0.1"),
    });
  });

  it("says when the id token has expired", async () => {
    always({ status: 400, body: { error: "invalid_grant" } });
    await expect(exchange(idToken({ aud: hub.origin, exp: 1_000_000_000 }))).rejects.toMatchObject({
      message: expect.stringMatching(/expired \d+ seconds ago/),
    });
  });

  it.each([
    [404, { error: "Not Found" }, "exchange_failed"],
    [404, "<html>", "exchange_failed"],
    [500, { error: "server_error" }, "exchange_failed"],
    [502, "bad gateway", "exchange_failed"],
    [401, { error: "invalid_client" }, "exchange_refused"],
  ])("maps %d with %j, without a second attempt", async (status, body, code) => {
    always({ status, body });
    await expect(exchange()).rejects.toMatchObject({ code, status });
    expect(hub.received).toHaveLength(1);
  });

  it.each([429, 503])("is sent again after %d, when the server says so", async (status) => {
    hub.behave = (_, n) =>
      n === 0 ? { status, headers: { "retry-after": "3" }, body: {} } : { body: exchanged("hf_jwt_later") };
    expect((await exchange()).accessToken).toBe("hf_jwt_later");
    expect(job.pauses).toEqual([3000]);
  });

  it.each([
    [429, "rate_limited"],
    [503, "unavailable"],
  ])("gives up after five answers of %d", async (status, code) => {
    always({ status, headers: { "x-request-id": "req-9" }, body: { error: "slow_down" } });
    await expect(exchange()).rejects.toMatchObject({ code, status, requestId: "req-9", error: "slow_down" });
    expect(hub.received).toHaveLength(5);
    expect(job.pauses).toEqual([250, 500, 1000, 2000]);
  });

  it("does not wait for longer than the call may take", async () => {
    always({ status: 503, headers: { "retry-after": "31" } });
    await expect(exchange()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("in 31 seconds"),
    });
    expect(job.pauses).toEqual([]);
  });

  it("is not sent again after silence, because the id token may be spent", async () => {
    hub.behave = () => (response) => response.destroy();
    await expect(exchange()).rejects.toMatchObject({
      code: "network_failed",
      message: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/),
    });
    expect(hub.received).toHaveLength(1);
  });

  it("says why there is no connection", async () => {
    const gone = hub.origin;
    await hub[Symbol.asyncDispose]();
    const error = job.client.exchangeOidcToken({ subjectToken: idToken(), resource: "a/b", endpoint: gone });
    await expect(error).rejects.toMatchObject({
      code: "network_failed",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it.each([301, 302, 303, 307, 308])("does not follow a redirect with status %d", async (status) => {
    await using elsewhere = await LocalServer.start(() => ({ body: exchanged("hf_jwt_stolen") }));
    always({ status, headers: { location: `${elsewhere.origin}/oauth/token` } });
    await expect(exchange()).rejects.toMatchObject({ code: "redirect_refused", status });
    expect(elsewhere.received).toEqual([]);
  });

  it("stops reading an answer that is too large", async () => {
    always({ body: { access_token: "x".repeat(300_000) } });
    await expect(exchange()).rejects.toMatchObject({ code: "response_too_large" });
  });

  it("ends at its deadline when the server never answers", async () => {
    hub.behave = () => () => undefined;
    const call = job.client.exchangeOidcToken({ subjectToken: idToken(), resource: "a/b", deadlineMs: 30 });
    await expect(call).rejects.toMatchObject({ code: "timed_out" });
  });

  it("ends at its deadline when the answer stops in the middle", async () => {
    hub.behave = () => (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
    };
    const call = job.client.exchangeOidcToken({ subjectToken: idToken(), resource: "a/b", deadlineMs: 50 });
    await expect(call).rejects.toMatchObject({ code: "timed_out" });
  });

  it("rejects with the caller's own reason when the caller aborts", async () => {
    const reason = new Error("changed my mind");
    const abort = new AbortController();
    hub.behave = () => () => abort.abort(reason);
    const call = job.client.exchangeOidcToken({ subjectToken: idToken(), resource: "a/b", signal: abort.signal });
    await expect(call).rejects.toBe(reason);
  });

  it("rejects with the caller's own timeout when that comes first", async () => {
    hub.behave = () => () => undefined;
    const call = job.client.exchangeOidcToken({
      subjectToken: idToken(),
      resource: "a/b",
      signal: AbortSignal.timeout(20),
    });
    await expect(call).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it.each([0, -1, Number.NaN, 2 ** 31])("refuses %d milliseconds as a deadline", async (deadlineMs) => {
    const call = job.client.exchangeOidcToken({ subjectToken: idToken(), resource: "a/b", deadlineMs });
    await expect(call).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("refuses a blank resource and a blank id token before any request", async () => {
    await expect(exchange(idToken(), "  ")).rejects.toMatchObject({ code: "invalid_resource" });
    await expect(exchange("\n")).rejects.toMatchObject({ code: "invalid_option" });
    expect(hub.received).toEqual([]);
  });

  it("shows nothing of an id token that the server echoes, and no control characters", async () => {
    const token = idToken({ canary: randomBytes(16).toString("hex") });
    always({
      status: 400,
      body: {
        error: "invalid_grant",
        error_description: `bad ${token}\n::set-env name=X::y\u001b[31m`,
        errors: [{ message: `hf_jwt_${token}` }],
      },
    });
    const error = await exchange(token).catch((e: unknown) => e);
    if (!(error instanceof Error)) throw new Error("expected an error");
    const shown = JSON.stringify({ ...error, message: error.message, stack: error.stack });
    expect(shown).not.toContain(token.slice(0, 20));
    expect(error).toMatchObject({ errorDescription: "bad <REDACTED> ::set-env name=X::y [31m" });
  });

  it("masks a supplied id token and the exchanged token on GitHub, and nowhere else", async () => {
    const subjectToken = idToken({ aud: hub.origin });
    await job.client.oidcLogin({ subjectToken, resource: "a/b" });
    expect(job.diagnostics).toEqual([]);
    const onGitHub = new Job({ HF_ENDPOINT: hub.origin, GITHUB_ACTIONS: "true" });
    await onGitHub.client.oidcLogin({ subjectToken, resource: "a/b" });
    expect(onGitHub.diagnostics).toEqual([`::add-mask::${subjectToken}`, "::add-mask::hf_jwt_exchanged"]);
  });
});
