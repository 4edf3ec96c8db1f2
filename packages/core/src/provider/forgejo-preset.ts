import type { ClaimSet } from "../claims/claim-set.ts";
import { readText } from "../claims/read-claim.ts";
import { callerWorkflowFile, githubBranch, githubIsForkContext, githubTag } from "./github-derived.ts";
import { GITHUB_PRESET } from "./github-preset.ts";
import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const plain: ClaimDefinition = { type: "string" };
const chosen: ClaimDefinition = { type: "string", text: true };
const name: ClaimDefinition = { type: "string", compare: "ci-ascii" };
const digits: ClaimDefinition = {
  type: "string",
  shape: { pattern: /^[0-9]{1,20}$/, hint: "Give the numeric id as a string of digits." },
};
const flag: ClaimDefinition = {
  type: "string",
  shape: { pattern: /^(?:true|false)$/, hint: "Forgejo sends the string true or false." },
};
const shortRef: ClaimDefinition = {
  type: "string",
  text: true,
  shape: { pattern: /^(?!refs\/)/, hint: "Give the short name, without refs/heads/ or refs/tags/." },
};

/** Where Forgejo looks for workflows. */
const WORKFLOW_FOLDERS = [".forgejo/workflows", ".gitea/workflows", ".github/workflows"] as const;

/** Forgejo Actions: self-hosted, with GitHub's claims as far as Forgejo took them over. */
export const FORGEJO_PRESET: ProviderPreset = {
  id: "forgejo",
  title: "Forgejo Actions",
  publicIssuers: [],
  issuerShapes: [/^https:\/\/[A-Za-z0-9.-]+(?::[0-9]+)?(?:\/[A-Za-z0-9._~-]+)*\/api\/actions$/],
  // Open to everybody, so nobody may be trusted there without an id.
  ownHosts: [/^codeberg\.org$/],
  keyOrigins: [],
  algorithms: ["RS256", "ES256", "ES384"],
  claims: {
    sub: chosen,
    actor: plain,
    actor_id: digits,
    base_ref: chosen,
    event_name: plain,
    head_ref: chosen,
    ref: chosen,
    ref_protected: flag,
    ref_type: { ...plain, shape: { pattern: /^(?:branch|tag)$/, hint: "Forgejo sends branch or tag." } },
    repository: { ...name, shape: { pattern: /^[^/]+\/[^/]+$/, hint: "Give owner and name: acme/train." } },
    repository_id: digits,
    repository_owner: name,
    repository_owner_id: digits,
    run_attempt: digits,
    run_id: digits,
    run_number: digits,
    sha: plain,
    workflow_ref: chosen,
  },
  claimPrefixes: {},
  derived: {
    branch: { ...shortRef, derive: githubBranch },
    tag: { ...shortRef, derive: githubTag },
    workflow: {
      ...chosen,
      shape: { pattern: /^[^/]+\.ya?ml$/, hint: "Give the file name in .forgejo/workflows, such as publish.yml." },
      derive: workflowFile,
    },
    is_fork_context: { type: "boolean", derive: githubIsForkContext },
  },
  openClaims: false,
  tenantClaims: ["repository_id", "repository_owner_id"],
  proofs: [["repository_id"], ["repository_owner_id", "repository"]],
  project: {
    id: "repository_id",
    ownerId: "repository_owner_id",
    names: ["repository"],
    ownerNames: ["repository_owner"],
  },
  triggerRules: GITHUB_PRESET.triggerRules,
  // Forgejo sends no `jti`, so the tokens of two commands that ask in the same second are the same text.
  replay: { withJti: { kind: "single-use" }, withoutJti: { kind: "bounded", maxUses: 10 } },
  maxAgeSeconds: 3600,
  source: { repository: "repository", repositoryId: "repository_id", workflow: "workflow_ref", ref: "ref", sha: "sha" },
  runUrl: (claims, issuer) => pageUrl(claims, issuer, "actions/runs", "run_number", /^\d+$/),
  commitUrl: (claims, issuer) => pageUrl(claims, issuer, "commit", "sha", /^[0-9a-f]{40,64}$/),
};

function workflowFile(claims: ClaimSet): string | undefined {
  for (const folder of WORKFLOW_FOLDERS) {
    const file = callerWorkflowFile(claims, folder);
    if (file !== undefined) return file;
  }
  return undefined;
}

function pageUrl(claims: ClaimSet, issuer: string, path: string, claim: string, shape: RegExp): string | undefined {
  const repository = readText(claims, "repository");
  const value = readText(claims, claim);
  if (repository === undefined || !/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/.test(repository)) return undefined;
  if (value === undefined || !shape.test(value)) return undefined;
  return `${issuer.replace(/\/api\/actions$/, "")}/${repository}/${path}/${value}`;
}
