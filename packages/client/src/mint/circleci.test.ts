import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { JobCommand } from "../../testing/job-command.ts";

const AUDIENCE = "https://hub.example";
const ORGANISATION = "5034460f-c7c4-4c43-9457-de07e2029e7b";

function circleJob(variables: Record<string, string | undefined> = {}): Job {
  const ready = idToken({ aud: ORGANISATION });
  return new Job({ CIRCLECI: "true", CIRCLE_OIDC_TOKEN_V2: ready, HF_ENDPOINT: AUDIENCE, PATH: "", ...variables });
}

describe("an id token from CircleCI", () => {
  it("is printed by the job's own command, for the audience", async () => {
    const token = idToken({ aud: AUDIENCE });
    await using command = await JobCommand.make("circleci", { stdout: `${token}\n` });
    expect(await circleJob({ PATH: command.path }).client.getOidcToken()).toBe(token);
    expect(await command.arguments()).toEqual(["run", "oidc", "get", "--claims", `{"aud":"${AUDIENCE}"}`]);
  });

  it("is of the shared issuer when the job says so", async () => {
    await using command = await JobCommand.make("circleci", { stdout: idToken({ aud: AUDIENCE }) });
    await circleJob({ PATH: command.path, POSTERN_CIRCLECI_ROOT_ISSUER: "1" }).client.getOidcToken();
    expect(await command.arguments()).toContain("--root-issuer");
  });

  it("is the ready one where its audience fits", async () => {
    const ready = idToken({ aud: ORGANISATION });
    const job = circleJob({ CIRCLE_OIDC_TOKEN_V2: ready });
    expect(await job.client.getOidcToken({ audience: ORGANISATION })).toBe(ready);
  });

  it.each([
    ["has run out", { aud: ORGANISATION, exp: Math.floor(Date.now() / 1000) + 5 }],
    ["is for others besides", { aud: [ORGANISATION, "https://other.example"] }],
  ])("is asked for when the ready one %s", async (_, claims) => {
    const token = idToken({ aud: ORGANISATION });
    await using command = await JobCommand.make("circleci", { stdout: token });
    const job = circleJob({ CIRCLE_OIDC_TOKEN_V2: idToken(claims), PATH: command.path });
    expect(await job.client.getOidcToken({ audience: ORGANISATION })).toBe(token);
  });

  it("cannot be had without the command, and the advice shows the line to write", async () => {
    await expect(circleJob().client.getOidcToken()).rejects.toMatchObject({
      code: "mint_command_missing",
      message: expect.stringContaining(`HF_OIDC_ID_TOKEN="$(circleci run oidc get --claims '{"aud":"${AUDIENCE}"}')"`),
    });
  });

  it("fails with what the command said, on one line and without a token", async () => {
    const leaked = idToken();
    await using command = await JobCommand.make("circleci", { stderr: `no\n\u001b[2Jtoken ${leaked}`, exitCode: 3 });
    const error = await circleJob({ PATH: command.path })
      .client.getOidcToken()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "mint_failed", message: expect.stringMatching(/exit code 3 \(no .*fork/) });
    expect(error).not.toMatchObject({ message: expect.stringContaining(leaked) });
  });

  it.each([
    ["nothing", ""],
    ["something else", "Usage: circleci"],
    ["a token for another audience", idToken({ aud: "https://other.example" })],
  ])("is refused when the command prints %s", async (_, stdout) => {
    await using command = await JobCommand.make("circleci", { stdout });
    await expect(circleJob({ PATH: command.path }).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      message: expect.stringContaining("printed no id token"),
    });
  });

  it("fails in our own words when the command may not be run", async () => {
    await using command = await JobCommand.make("circleci", { stdout: idToken({ aud: AUDIENCE }) });
    await chmod(join(command.folder, "circleci"), 0o600);
    await expect(circleJob({ PATH: command.folder }).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      message: expect.stringContaining("could not be run"),
    });
  });

  it("is given up at the deadline, and at once when the caller says so", async () => {
    await using command = await JobCommand.make("circleci", { hangs: true });
    const { client } = circleJob({ PATH: command.path });
    await expect(client.getOidcToken({ deadlineMs: 300 })).rejects.toMatchObject({ code: "timed_out" });
    const reason = new Error("enough");
    await expect(client.getOidcToken({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
