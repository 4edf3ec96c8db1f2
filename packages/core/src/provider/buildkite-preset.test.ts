import { expect, it } from "vitest";
import type { JsonValue } from "../claims/claim-set.ts";
import { BUILDKITE_PRESET } from "./buildkite-preset.ts";
import { readConfiguredClaim } from "./configured-claim.ts";

const BUILD = { organization_slug: "acme", pipeline_slug: "train", build_number: 7, build_branch: "main" } as const;

it.each<readonly [string, unknown, Readonly<Record<string, JsonValue>>]>([
  ["branch", "main", {}],
  ["branch", undefined, { build_tag: "v1" }],
  ["branch", "main", { build_tag: "" }],
  ["branch", "main", { build_tag: null }],
  ["tag", "v1", { build_tag: "v1" }],
  ["tag", undefined, {}],
  ["build_number", 7, {}],
  ["step_key", null, { step_key: null }],
])("reads %s as %j with %j", (name, expected, changes) => {
  expect(readConfiguredClaim(BUILDKITE_PRESET, { ...BUILD, ...changes }, name)).toBe(expected);
});

it.each<readonly [string | undefined, Readonly<Record<string, JsonValue>>]>([
  ["https://buildkite.com/acme/train/builds/7", {}],
  [undefined, { build_number: "7" }],
  [undefined, { build_number: -7 }],
  [undefined, { organization_slug: "../x" }],
  [undefined, { pipeline_slug: "" }],
])("finds the run at %s with %j", (url, changes) => {
  expect(BUILDKITE_PRESET.runUrl({ ...BUILD, ...changes }, "https://agent.buildkite.com")).toBe(url);
});
