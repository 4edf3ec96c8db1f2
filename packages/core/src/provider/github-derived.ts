import { foldAscii } from "../claims/ascii-fold.ts";
import type { ClaimSet } from "../claims/claim-set.ts";
import { readText } from "../claims/read-claim.ts";
import { isWorkflowFile, splitWorkflowRef, type WorkflowRef } from "./workflow-ref.ts";

/** The branch that the job runs for. Never from `head_ref`, which the author of a pull request chooses. */
export function githubBranch(claims: ClaimSet): string | undefined {
  return refName(claims, "branch", "refs/heads/");
}

export function githubTag(claims: ClaimSet): string | undefined {
  return refName(claims, "tag", "refs/tags/");
}

function refName(claims: ClaimSet, type: string, prefix: string): string | undefined {
  const ref = readText(claims, "ref");
  if (readText(claims, "ref_type") !== type || ref === undefined || !ref.startsWith(prefix)) return undefined;
  return ref.slice(prefix.length) || undefined;
}

/** File name of the workflow that started the run. */
export function githubWorkflowFile(claims: ClaimSet): string | undefined {
  return callerWorkflowFile(claims, ".github/workflows");
}

/**
 * File name of the workflow that started the run, from `workflow_ref`, in one folder of the caller's own repository.
 *
 * The raw claim `workflow` is a display name that anybody who can edit the file chooses, so it is never used. The ref is removed as
 * an exact suffix rather than searched for, because file names may hold `@` and branches may look like file names.
 */
export function callerWorkflowFile(claims: ClaimSet, workflowsFolder: string): string | undefined {
  const workflowRef = readText(claims, "workflow_ref");
  const repository = readText(claims, "repository");
  if (workflowRef === undefined || repository === undefined) return undefined;
  const folder = `${repository}/${workflowsFolder}/`;
  const prefix = workflowRef.slice(0, folder.length);
  if (prefix !== folder && foldAscii(prefix) !== foldAscii(folder)) return undefined;
  const fileAtRef = workflowRef.slice(folder.length);
  for (const claim of ["ref", "sha", "workflow_sha"]) {
    const ref = readText(claims, claim);
    if (ref === undefined || !fileAtRef.endsWith(`@${ref}`)) continue;
    const file = fileAtRef.slice(0, -ref.length - 1);
    if (isWorkflowFile(file)) return file;
  }
  return undefined;
}

/** The workflow that holds the job: a reusable one, or the caller itself. */
export function githubCalledWorkflow(claims: ClaimSet): WorkflowRef | undefined {
  const text = readText(claims, "job_workflow_ref");
  if (text === undefined) return undefined;
  const called = splitWorkflowRef(text);
  if (called === undefined || called.ref.startsWith("refs/")) return called;
  // A callee pinned by hash has its own hash, which differs from the caller's `sha`.
  const hash = readText(claims, "job_workflow_sha");
  return hash === undefined || hash === called.ref ? called : undefined;
}

export function githubIsReusable(claims: ClaimSet): boolean | undefined {
  const caller = readText(claims, "workflow_ref");
  const called = readText(claims, "job_workflow_ref");
  return caller === undefined || called === undefined ? undefined : caller !== called;
}

/** True when the job may run code that a pull request brought along. */
export function githubIsForkContext(claims: ClaimSet): boolean {
  const event = readText(claims, "event_name");
  if (event === "pull_request" || event === "pull_request_target") return true;
  return readText(claims, "ref")?.startsWith("refs/pull/") === true;
}

export function githubRunUrl(claims: ClaimSet, issuer: string): string | undefined {
  const run = readText(claims, "run_id");
  const page = repositoryPage(claims, issuer);
  return page === undefined || run === undefined || !/^\d+$/.test(run) ? undefined : `${page}/actions/runs/${run}`;
}

export function githubCommitUrl(claims: ClaimSet, issuer: string): string | undefined {
  const sha = readText(claims, "sha");
  const page = repositoryPage(claims, issuer);
  return page === undefined || sha === undefined || !/^[0-9a-f]{40,64}$/.test(sha)
    ? undefined
    : `${page}/commit/${sha}`;
}

function repositoryPage(claims: ClaimSet, issuer: string): string | undefined {
  const repository = readText(claims, "repository");
  if (repository === undefined || !/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/.test(repository)) return undefined;
  return `${siteOf(issuer)}/${repository}`;
}

function siteOf(issuer: string): string {
  // Nearly every job; parsing a URL on each exchange is not free.
  if (issuer === "https://token.actions.githubusercontent.com") return "https://github.com";
  const url = new URL(issuer);
  if (url.pathname === "/_services/token") return url.origin;
  const residency = /^token\.actions\.([a-z0-9-]+\.ghe\.com)$/.exec(url.hostname);
  return residency?.[1] === undefined ? "https://github.com" : `https://${residency[1]}`;
}
