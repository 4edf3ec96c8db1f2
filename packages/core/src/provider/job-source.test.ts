import { expect, test } from "vitest";
import { jobSourceOf, parseJobSource } from "./job-source.ts";
import { PRESETS } from "./presets.ts";

test("a GitHub job's source is its repository with its id, the workflow, the ref and the commit", () => {
  const claims = {
    repository: "acme/train",
    repository_id: "456789",
    workflow_ref: "acme/train/.github/workflows/publish.yml@refs/heads/main",
    ref: "refs/heads/main",
    sha: "a".repeat(40),
  };
  expect(jobSourceOf(PRESETS.github.source, claims)).toEqual({
    repository: "acme/train",
    repositoryId: "456789",
    workflow: "acme/train/.github/workflows/publish.yml@refs/heads/main",
    ref: "refs/heads/main",
    sha: "a".repeat(40),
  });
});

test("a value of another type, an empty one and an overlong one are left out", () => {
  const claims = { repository: 7, repository_id: "", ref: "r".repeat(513), sha: "b".repeat(40) };
  expect(jobSourceOf(PRESETS.github.source, claims)).toEqual({ sha: "b".repeat(40) });
});

test("what was stored is read back, and nothing else with it", () => {
  expect(parseJobSource({ repository: "acme/train", sha: 1, other: "x" })).toEqual({ repository: "acme/train" });
  expect(parseJobSource(null)).toEqual({});
});
