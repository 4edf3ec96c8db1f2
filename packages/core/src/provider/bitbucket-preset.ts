import { readText } from "../claims/read-claim.ts";
import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const UUID = /^\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/;
const uuid: ClaimDefinition = {
  type: "string",
  shape: { pattern: UUID, hint: "Give the UUID in lower case and with its braces, as the settings show it." },
};
const branch: ClaimDefinition = {
  type: "string",
  text: true,
  shape: { pattern: /^(?!refs\/)/, hint: "Give the short name, without refs/heads/." },
};

/** Bitbucket Pipelines: every workspace has an issuer of its own, named by a slug that can be taken again. */
export const BITBUCKET_PRESET: ProviderPreset = {
  id: "bitbucket",
  title: "Bitbucket Pipelines",
  publicIssuers: [],
  issuerShapes: [
    /^https:\/\/api\.bitbucket\.org\/2\.0\/workspaces\/[A-Za-z0-9_.-]+\/pipelines-config\/identity\/oidc$/,
  ],
  ownHosts: [/^api\.bitbucket\.org$/],
  keyOrigins: [],
  algorithms: ["RS256"],
  claims: {
    sub: { type: "string" },
    workspaceUuid: uuid,
    repositoryUuid: uuid,
    pipelineUuid: uuid,
    stepUuid: uuid,
    deploymentEnvironmentUuid: uuid,
    accountUuid: uuid,
    branchName: branch,
  },
  claimPrefixes: {},
  derived: { branch: { ...branch, derive: (claims) => readText(claims, "branchName") } },
  openClaims: false,
  tenantClaims: ["repositoryUuid", "workspaceUuid"],
  proofs: [["repositoryUuid"], ["workspaceUuid"]],
  // The tokens carry no names. A repository in another workspace is signed for by another issuer, so little of this is ever seen.
  project: { id: "repositoryUuid", ownerId: "workspaceUuid", names: [], ownerNames: [] },
  triggerRules: [],
  // A step gets one token for its whole life, and no `jti` is documented.
  replay: { withJti: { kind: "bounded", maxUses: 10 }, withoutJti: { kind: "bounded", maxUses: 10 } },
  // A step may run for two hours unless it says otherwise; `exp` counts besides.
  maxAgeSeconds: 7200,
  extraAudiences: (claims) => {
    const workspace = readText(claims, "workspaceUuid");
    return workspace === undefined || !UUID.test(workspace)
      ? []
      : [`ari:cloud:bitbucket::workspace/${workspace.slice(1, -1)}`];
  },
  source: { repositoryId: "repositoryUuid", ref: "branchName" },
  runUrl: (claims) => {
    const ids = ["workspaceUuid", "repositoryUuid", "pipelineUuid"].map((name) => readText(claims, name));
    const parts = ids.flatMap((id) => (id === undefined || !UUID.test(id) ? [] : [encodeURIComponent(id)]));
    const [workspace, repository, pipeline] = parts;
    return parts.length === 3
      ? `https://bitbucket.org/${workspace}/${repository}/pipelines/results/${pipeline}`
      : undefined;
  },
  commitUrl: () => undefined,
};
