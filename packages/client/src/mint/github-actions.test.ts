import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { LocalServer } from "../../testing/local-server.ts";

const AUDIENCE = "https://hub.example";

describe("an id token from GitHub Actions", () => {
  let mint: LocalServer;
  let folder: string;

  beforeEach(async () => {
    mint = await LocalServer.start(({ url }) => ({
      body: { value: idToken({ aud: url.searchParams.get("audience") }) },
    }));
    folder = await mkdtemp(join(tmpdir(), "postern-github-"));
  });
  afterEach(async () => {
    await mint[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function githubJob(more: Record<string, string | undefined> = {}): Job {
    return new Job({
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: `${mint.origin}/token?api-version=2.0&x=%2F`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner-bearer",
      ...more,
    });
  }

  async function pullRequestEvent(event: unknown): Promise<Record<string, string | undefined>> {
    const path = join(folder, "event.json");
    await writeFile(path, typeof event === "string" ? event : JSON.stringify(event));
    return {
      ACTIONS_ID_TOKEN_REQUEST_URL: undefined,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined,
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_EVENT_PATH: path,
    };
  }

  it("is asked for with the audience merged into the query that is there", async () => {
    const token = await githubJob().client.getOidcToken({ audience: AUDIENCE });
    expect(token).toMatch(/^eyJ/);
    const [request] = mint.received;
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({
      "api-version": "2.0",
      x: "/",
      audience: AUDIENCE,
    });
    expect(request?.method).toBe("GET");
    expect(request?.headers.authorization).toBe("Bearer runner-bearer");
  });

  it("is for the default endpoint when no audience is named", async () => {
    await githubJob().client.getOidcToken();
    expect(mint.received[0]?.url.searchParams.get("audience")).toBe("https://huggingface.co");
  });

  it("is masked in the log before anybody gets it", async () => {
    const job = githubJob();
    const token = await job.client.getOidcToken({ audience: AUDIENCE });
    expect(job.diagnostics).toEqual([`::add-mask::${token}`]);
  });

  it.each(["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])(
    "needs the permission when %s is missing or empty",
    async (name) => {
      for (const value of [undefined, ""]) {
        await expect(githubJob({ [name]: value }).client.getOidcToken()).rejects.toMatchObject({
          code: "mint_permission_missing",
          message: expect.stringContaining("id-token: write"),
        });
      }
      expect(mint.received).toEqual([]);
    },
  );

  it("is out of reach for a pull request from a fork, and the advice is not about permissions", async () => {
    const event = { pull_request: { head: { repo: { id: 2, fork: true } }, base: { repo: { id: 1 } } } };
    const error = await githubJob(await pullRequestEvent(event))
      .client.getOidcToken()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "mint_fork_pull_request", message: expect.stringContaining("fork") });
    expect(error).not.toMatchObject({ message: expect.stringContaining("id-token: write") });
  });

  it("treats a pull request whose fork was deleted as one from a fork", async () => {
    const event = { pull_request: { head: { repo: null }, base: { repo: { id: 1 } } } };
    await expect(githubJob(await pullRequestEvent(event)).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_fork_pull_request",
    });
  });

  it.each([
    [
      "a branch of a repository that is itself a fork",
      { pull_request: { head: { repo: { id: 1, fork: true } }, base: { repo: { id: 1 } } } },
    ],
    ["an event without a pull request", { ref: "refs/heads/main" }],
    ["an event that is no JSON", "{"],
  ])("asks for the permission for %s", async (_, event) => {
    await expect(githubJob(await pullRequestEvent(event)).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_permission_missing",
    });
  });

  it("asks for the permission on pull_request_target, which a fork cannot lower", async () => {
    const event = { pull_request: { head: { repo: { id: 2 } }, base: { repo: { id: 1 } } } };
    const environment = { ...(await pullRequestEvent(event)), GITHUB_EVENT_NAME: "pull_request_target" };
    await expect(githubJob(environment).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_permission_missing",
    });
  });

  it("is asked for again when the endpoint is busy", async () => {
    mint.behave = (_, n) => (n < 2 ? { status: 502, body: "bad gateway" } : { body: { value: idToken() } });
    const job = githubJob();
    await job.client.getOidcToken();
    expect(job.pauses).toEqual([250, 500]);
  });

  it("is asked for again when the connection breaks", async () => {
    mint.behave = (_, n) => (n === 0 ? (response) => response.destroy() : { body: { value: idToken() } });
    await githubJob().client.getOidcToken();
    expect(mint.received).toHaveLength(2);
  });

  it("fails with the status when the endpoint refuses", async () => {
    mint.behave = () => ({ status: 403, headers: { "x-request-id": "gh-1" }, body: { message: "not allowed" } });
    await expect(githubJob().client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      status: 403,
      requestId: "gh-1",
      message: expect.stringContaining("not allowed"),
    });
    expect(mint.received).toHaveLength(1);
  });

  it.each([{}, { value: "" }, { value: 5 }, { value: "not.a.jwt" }, [], "text"])(
    "is refused when the answer is %j",
    async (body) => {
      mint.behave = () => ({ body });
      await expect(githubJob().client.getOidcToken()).rejects.toMatchObject({ code: "mint_failed" });
    },
  );

  it("is not asked for at a redirect's target", async () => {
    await using elsewhere = await LocalServer.start(() => ({ body: { value: idToken() } }));
    mint.behave = () => ({ status: 307, headers: { location: `${elsewhere.origin}/token` } });
    await expect(githubJob().client.getOidcToken()).rejects.toMatchObject({ code: "redirect_refused" });
    expect(elsewhere.received).toEqual([]);
  });
});
