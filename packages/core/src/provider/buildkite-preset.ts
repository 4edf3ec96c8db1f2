import { readClaim, readText } from "../claims/read-claim.ts";
import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const plain: ClaimDefinition = { type: "string" };
const chosen: ClaimDefinition = { type: "string", text: true };
const uuid: ClaimDefinition = {
  type: "string",
  shape: {
    pattern: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    hint: "Give the UUID that Buildkite shows in the settings, in lower case; slugs can be taken again.",
  },
};
const slug: ClaimDefinition = {
  type: "string",
  shape: { pattern: /^[a-z0-9][a-z0-9-]*$/, hint: "Give the slug as it stands in the page's address, in lower case." },
};
const shortRef: ClaimDefinition = {
  type: "string",
  text: true,
  shape: { pattern: /^(?!refs\/)/, hint: "Give the short name, without refs/heads/ or refs/tags/." },
};

/** Buildkite: one issuer for every customer, so nothing but an id tells whose job it is. */
export const BUILDKITE_PRESET: ProviderPreset = {
  id: "buildkite",
  title: "Buildkite",
  publicIssuers: ["https://agent.buildkite.com"],
  issuerShapes: [/^https:\/\/agent\.buildkite\.com$/],
  ownHosts: [/^agent\.buildkite\.com$/],
  keyOrigins: [],
  algorithms: ["RS256"],
  claims: {
    sub: chosen,
    organization_slug: slug,
    organization_id: uuid,
    pipeline_slug: slug,
    pipeline_id: uuid,
    build_number: { type: "number" },
    build_id: uuid,
    build_branch: chosen,
    build_tag: chosen,
    build_commit: plain,
    build_source: {
      ...plain,
      shape: {
        pattern: /^(?:ui|api|webhook|trigger_job|schedule)$/,
        hint: "Buildkite sends ui, api, webhook, trigger_job or schedule.",
      },
    },
    step_key: chosen,
    job_id: uuid,
    agent_id: uuid,
    cluster_id: uuid,
    cluster_name: chosen,
    queue_id: uuid,
    queue_key: chosen,
    runner_environment: {
      ...plain,
      shape: {
        pattern: /^(?:buildkite-hosted|self-hosted)$/,
        hint: "Buildkite sends buildkite-hosted or self-hosted.",
      },
    },
  },
  claimPrefixes: { "agent_tag:": chosen },
  derived: {
    // The build of a tag names a branch too, and anybody who may push a tag chooses it.
    branch: {
      ...shortRef,
      derive: (claims) => (readText(claims, "build_tag") === undefined ? readText(claims, "build_branch") : undefined),
    },
    tag: { ...shortRef, derive: (claims) => readText(claims, "build_tag") },
  },
  openClaims: false,
  tenantClaims: ["pipeline_id", "organization_id"],
  proofs: [["pipeline_id"], ["organization_id", "pipeline_slug"]],
  project: {
    id: "pipeline_id",
    ownerId: "organization_id",
    names: ["pipeline_slug"],
    ownerNames: ["organization_slug"],
  },
  triggerRules: [],
  // The agent mints a fresh token for every process, so nobody honest needs one twice.
  replay: { withJti: { kind: "single-use" }, withoutJti: { kind: "single-use" } },
  maxAgeSeconds: 3600,
  source: {
    repository: "pipeline_slug",
    repositoryId: "pipeline_id",
    ref: "build_branch",
    sha: "build_commit",
  },
  runUrl: (claims) => {
    const organization = readText(claims, "organization_slug");
    const pipeline = readText(claims, "pipeline_slug");
    const build = readClaim(claims, "build_number");
    const ok = typeof build === "number" && Number.isSafeInteger(build) && build > 0;
    if (!ok || !/^[a-z0-9-]+$/.test(organization ?? "") || !/^[a-z0-9-]+$/.test(pipeline ?? "")) return undefined;
    return `https://buildkite.com/${organization}/${pipeline}/builds/${build}`;
  },
  commitUrl: () => undefined,
};
