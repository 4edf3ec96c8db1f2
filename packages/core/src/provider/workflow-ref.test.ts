import { describe, expect, it } from "vitest";
import { splitWorkflowRef } from "./workflow-ref.ts";

const HASH = "9f31bb77c7dd6c1c3b7de6d0e5f4b8f9a1c2d3e4";

describe("splitWorkflowRef", () => {
  it.each([
    ["acme/train/.github/workflows/ci.yml@refs/heads/main", "ci.yml", "refs/heads/main"],
    ["acme/train/.github/workflows/ci.yaml@refs/tags/v1", "ci.yaml", "refs/tags/v1"],
    [`acme/train/.github/workflows/ci.yml@${HASH}`, "ci.yml", HASH],
    ["acme/train/.github/workflows/a@b.yml@refs/heads/main", "a@b.yml", "refs/heads/main"],
    ["acme/train/.github/workflows/a.yml@refs/heads/b.yml@refs/heads/c", "a.yml", "refs/heads/b.yml@refs/heads/c"],
    [
      "acme/train/.github/workflows/a.yml@refs/heads/x/.github/workflows/b.yml",
      "a.yml",
      "refs/heads/x/.github/workflows/b.yml",
    ],
  ])("splits %s", (text, file, ref) => expect(splitWorkflowRef(text)).toEqual({ repo: "acme/train", file, ref }));

  it.each([
    "",
    "ci.yml@refs/heads/main",
    "acme/train/.github/workflows/ci.yml",
    "acme/train/.github/workflows/ci.yml@main",
    "acme/train/.github/workflows/ci.yml@9f31bb7",
    "acme/train/.github/workflows/ci.sh@refs/heads/main",
    "acme/train/.github/workflows/sub/ci.yml@refs/heads/main",
    "acme/train/.github/workflows/@refs/heads/main",
    "acme/train/x/.github/workflows/ci.yml@refs/heads/main",
    "acme/train/.github/workflows/.yml@",
  ])("has nothing for %j", (text) => expect(splitWorkflowRef(text)).toBeUndefined());
});
