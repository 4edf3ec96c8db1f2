import type { ClaimSet } from "../claims/claim-set.ts";
import { readClaim, readText } from "../claims/read-claim.ts";
import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const NAMESPACE = "oidc.circleci.com";
const PROJECT = `${NAMESPACE}/project-id`;
const ORGANISATION = `${NAMESPACE}/org-id`;
const VCS_ORIGIN = `${NAMESPACE}/vcs-origin`;
const VCS_REF = `${NAMESPACE}/vcs-ref`;
const SSH_RERUN = `${NAMESPACE}/ssh-rerun`;

const plain: ClaimDefinition = { type: "string" };
const uuid: ClaimDefinition = {
  type: "string",
  shape: {
    pattern: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    hint: "Give the UUID that CircleCI shows in the settings, in lower case.",
  },
};
const shortRef: ClaimDefinition = {
  type: "string",
  text: true,
  shape: { pattern: /^(?!refs\/)/, hint: "Give the short name, without refs/heads/ or refs/tags/." },
};

/** CircleCI: an organisation's own issuer, and the one issuer that all organisations share. */
export const CIRCLECI_PRESET: ProviderPreset = {
  id: "circleci",
  title: "CircleCI",
  // A job gets tokens of its organisation's issuer unless it asks otherwise, so there is no default to guess.
  publicIssuers: [],
  issuerShapes: [
    /^https:\/\/oidc\.circleci\.com$/,
    /^https:\/\/oidc\.circleci\.com\/org\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  ],
  ownHosts: [/^oidc\.circleci\.com$/],
  keyOrigins: [],
  algorithms: ["RS256"],
  claims: {
    sub: { type: "string", text: true },
    [PROJECT]: uuid,
    [ORGANISATION]: uuid,
    [`${NAMESPACE}/pipeline-definition-id`]: uuid,
    [`${NAMESPACE}/pipeline-id`]: plain,
    [`${NAMESPACE}/workflow-id`]: plain,
    [`${NAMESPACE}/job-id`]: plain,
    [VCS_ORIGIN]: {
      type: "string",
      text: true,
      shape: { pattern: /^(?!https?:)[^/]+\/.+$/, hint: "Give host and path without a scheme: github.com/acme/train." },
    },
    [VCS_REF]: {
      type: "string",
      text: true,
      shape: { pattern: /^refs\//, hint: "Give the whole ref, refs/heads/main, or pin branch or tag instead." },
    },
    [SSH_RERUN]: { type: "boolean" },
  },
  claimPrefixes: {},
  derived: {
    branch: { ...shortRef, derive: (claims) => refName(claims, "refs/heads/") },
    tag: { ...shortRef, derive: (claims) => refName(claims, "refs/tags/") },
  },
  openClaims: false,
  tenantClaims: [PROJECT, ORGANISATION],
  requiredClaims: [
    {
      claim: VCS_ORIGIN,
      // A project may hand tokens to builds of forks; those carry the project's own ids and differ in this claim alone.
      why: "Builds of forked pull requests can carry the project's own ids, so a publisher must pin the repository that the code comes from.",
    },
  ],
  proofs: [[PROJECT], [ORGANISATION, VCS_ORIGIN]],
  // Builds of forks differ in the origin of the code alone, so that is no name of the project.
  project: { id: PROJECT, ownerId: ORGANISATION, names: [], ownerNames: [] },
  triggerRules: [
    // Somebody may sit in that job with a shell. Whatever is not plainly false counts.
    { code: "TP1911", applies: isRerunWithSsh, unlessPinned: undefined },
  ],
  // One token may serve a whole job, and CircleCI documents no `jti`.
  replay: { withJti: { kind: "bounded", maxUses: 10 }, withoutJti: { kind: "bounded", maxUses: 10 } },
  maxAgeSeconds: 3600,
  source: { repository: VCS_ORIGIN, repositoryId: PROJECT, ref: VCS_REF },
  runUrl: (claims) => {
    const workflow = readText(claims, `${NAMESPACE}/workflow-id`);
    return workflow === undefined || !/^[0-9a-f-]{36}$/.test(workflow)
      ? undefined
      : `https://circleci.com/workflow-run/${workflow}`;
  },
  commitUrl: () => undefined,
};

function refName(claims: ClaimSet, prefix: string): string | undefined {
  const ref = readText(claims, VCS_REF);
  return ref?.startsWith(prefix) === true ? ref.slice(prefix.length) || undefined : undefined;
}

function isRerunWithSsh(claims: ClaimSet): boolean {
  const value = readClaim(claims, SSH_RERUN);
  return value !== undefined && value !== false;
}
