import { describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { Job } from "../../testing/job.ts";
import { JobCommand } from "../../testing/job-command.ts";

const AUDIENCE = "https://hub.example";

function buildkiteJob(path: string, random = 0): Job {
  return new Job({ BUILDKITE: "true", HF_ENDPOINT: AUDIENCE, PATH: path }, { random: () => random });
}

describe("an id token from Buildkite", () => {
  it.each([
    [0, "300"],
    [0.5, "240"],
    [0.999, "181"],
  ])("is asked of the agent with the immutable ids, at chance %d for %s s", async (random, lifetime) => {
    const token = idToken({ aud: AUDIENCE });
    await using agent = await JobCommand.make("buildkite-agent", { stdout: `${token}\n` });
    expect(await buildkiteJob(agent.path, random).client.getOidcToken()).toBe(token);
    expect(await agent.arguments()).toEqual([
      ...["oidc", "request-token", "--audience", AUDIENCE],
      ...["--claim", "organization_id,pipeline_id", "--lifetime", lifetime],
    ]);
  });

  it("cannot be had without the agent, and the advice is about containers", async () => {
    await expect(buildkiteJob("").client.getOidcToken()).rejects.toMatchObject({
      code: "mint_command_missing",
      message: expect.stringContaining("mount-buildkite-agent: true"),
    });
  });

  it("fails with what an agent says that is too old", async () => {
    const stderr = "Incorrect Usage: flag provided but not defined: -claim";
    await using agent = await JobCommand.make("buildkite-agent", { stderr, exitCode: 1 });
    await expect(buildkiteJob(agent.path).client.getOidcToken()).rejects.toMatchObject({
      code: "mint_failed",
      message: expect.stringMatching(/not defined: -claim.*knows `--claim`/),
    });
  });
});
