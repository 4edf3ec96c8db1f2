import { showClaimValue } from "../match/explain-check.ts";
import { PRESETS } from "../provider/presets.ts";
import type { ClaimValue, Publisher } from "./publisher.ts";

type Claims = Readonly<Record<string, ClaimValue>>;

/** Parts of the sentence in the order in which people say them: the first claim that is pinned gives the words. */
const PHRASES: readonly (readonly (readonly [claim: string, words: string])[])[] = [
  [
    ["event_name", "started by"],
    ["pipeline_source", "started by"],
  ],
  [
    ["workflow", "of the workflow"],
    ["caller_workflow", "of the workflow"],
    ["workflow_ref", "of the workflow"],
    ["step_key", "of the step"],
  ],
  [
    ["called_workflow", "through the reusable workflow"],
    ["job_workflow_ref", "through the reusable workflow"],
  ],
  [
    ["branch", "on the branch"],
    ["tag", "on the tag"],
    ["ref", "on"],
    ["ref_path", "on"],
  ],
  [
    ["environment", "in the environment"],
    ["deploymentEnvironmentUuid", "in the environment"],
  ],
  [["runner_environment", "on a runner of the kind"]],
];

/** Names of projects and the ids that belong to them, across providers. */
const PROJECTS: readonly (readonly [name: string, id: string])[] = [
  ["repository", "repository_id"],
  ["project_path", "project_id"],
  ["pipeline_slug", "pipeline_id"],
];

/**
 * One sentence: which jobs this publisher lets in. It tells what is open, because that is what people overlook.
 *
 * `Any job of the workflow publish.yml on the branch main in acme/train (456789) may write.`
 */
export function whoCanPublish(publisher: Publisher): string {
  const { claims, access, issuer, provider } = publisher;
  const preset = PRESETS[provider];
  const told = new Set<string>();
  const take = (name: string): string | undefined => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (value === undefined) return undefined;
    told.add(name);
    return showClaimValue(value);
  };
  const parts = PHRASES.flatMap((spellings) => {
    for (const [claim, words] of spellings) {
      const value = take(claim);
      if (value !== undefined) return [`${words} ${value}`];
    }
    return [];
  });
  if (knowsBranches(claims, provider)) parts.push("on any branch or tag");
  const project = projectOf(take);
  const owner = project === undefined ? (take("repository_owner_id") ?? take("namespace_id")) : undefined;
  if (project !== undefined) parts.push(`in ${project}`);
  else if (owner !== undefined) parts.push(`in any project of the owner ${owner}`);
  const rest = Object.keys(claims).filter((name) => !told.has(name) && !OWNER_IDS.has(name));
  if (rest.length > 0) parts.push(`with ${rest.map((name) => `${name} ${showClaimValue(claims[name])}`).join(", ")}`);
  const where = preset.publicIssuers.includes(issuer) ? preset.title : issuer;
  return `Any job ${parts.join(" ")} at ${where} may ${access === "write" ? "write" : "read"}.`;
}

/** Said by the project already. */
const OWNER_IDS: ReadonlySet<string> = new Set([
  "repository_owner_id",
  "repository_owner",
  "namespace_id",
  "namespace_path",
]);

function projectOf(take: (name: string) => string | undefined): string | undefined {
  for (const [nameClaim, idClaim] of PROJECTS) {
    const name = take(nameClaim);
    const id = take(idClaim);
    if (name !== undefined) return id === undefined ? name : `${name} (${id})`;
    if (id !== undefined) return `the project ${id}`;
  }
  return undefined;
}

function knowsBranches(claims: Claims, provider: Publisher["provider"]): boolean {
  const { derived } = PRESETS[provider];
  if (!Object.hasOwn(derived, "branch")) return false;
  return !["branch", "tag", "ref", "ref_path", "sub"].some((name) => Object.hasOwn(claims, name));
}
