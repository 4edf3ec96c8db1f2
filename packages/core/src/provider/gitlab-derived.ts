import { foldAscii } from "../claims/ascii-fold.ts";
import type { ClaimSet } from "../claims/claim-set.ts";
import { readText } from "../claims/read-claim.ts";

/** The branch of the pipeline; undefined for tags and for merge requests, whose `ref` is the contributor's branch. */
export function gitlabBranch(claims: ClaimSet): string | undefined {
  if (gitlabIsForkContext(claims) || isMergeRequest(claims)) return undefined;
  return readText(claims, "ref_type") === "branch" ? readText(claims, "ref") : undefined;
}

export function gitlabTag(claims: ClaimSet): string | undefined {
  return readText(claims, "ref_type") === "tag" ? readText(claims, "ref") : undefined;
}

/**
 * Path of the top-level CI file, from `ci_config_ref_uri` (`HOST/GROUP/PROJECT//PATH@REF`). Included files are invisible to it.
 *
 * The part before `//` must end in the token's own project. Its host is not compared: the issuer signed it, and installs under a
 * relative URL spell it in several ways.
 */
export function gitlabConfigFile(claims: ClaimSet): string | undefined {
  const uri = readText(claims, "ci_config_ref_uri");
  const project = readText(claims, "project_path");
  if (uri === undefined || project === undefined) return undefined;
  const pathAt = uri.indexOf("//");
  if (pathAt === -1 || !foldAscii(uri.slice(0, pathAt)).endsWith(`/${foldAscii(project)}`)) return undefined;
  const pathAtRef = uri.slice(pathAt + 2);
  const ref = readText(claims, "ref_path");
  // The exact suffix where we know it: a branch name may hold an `@`.
  const end = ref !== undefined && pathAtRef.endsWith(`@${ref}`) ? -ref.length - 1 : pathAtRef.lastIndexOf("@");
  return end === -1 ? undefined : pathAtRef.slice(0, end) || undefined;
}

export function isMergeRequest(claims: ClaimSet): boolean {
  const source = readText(claims, "pipeline_source");
  return source === "merge_request_event" || source === "external_pull_request_event";
}

/** Since GitLab 18.2.2 `project_id` and `job_project_id` differ where a fork's code runs in the parent project, or the reverse. */
export function gitlabIsForkContext(claims: ClaimSet): boolean {
  const runsIn = readText(claims, "job_project_id");
  return runsIn !== undefined && runsIn !== readText(claims, "project_id");
}

export function gitlabRunUrl(claims: ClaimSet, issuer: string): string | undefined {
  const job = readText(claims, "job_id");
  const page = projectPage(claims, issuer);
  return page === undefined || job === undefined || !/^\d+$/.test(job) ? undefined : `${page}/-/jobs/${job}`;
}

export function gitlabCommitUrl(claims: ClaimSet, issuer: string): string | undefined {
  const sha = readText(claims, "sha");
  const page = projectPage(claims, issuer);
  return page === undefined || sha === undefined || !/^[0-9a-f]{40,64}$/.test(sha)
    ? undefined
    : `${page}/-/commit/${sha}`;
}

function projectPage(claims: ClaimSet, issuer: string): string | undefined {
  const project = readText(claims, "project_path");
  if (project === undefined || !/^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)+$/.test(project)) return undefined;
  return `${issuer.endsWith("/") ? issuer.slice(0, -1) : issuer}/${project}`;
}
