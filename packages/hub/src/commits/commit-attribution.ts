import type { Principal, WorkloadOrigin } from "@postern/core/access/principal";
import type { CommitAuthor } from "../git/commit-object.ts";
import type { CommitHeader } from "./commit-operation.ts";

/** Whom a commit by a job is attributed to; no account can have this name. */
const WORKLOAD_AUTHOR: CommitAuthor = { name: "[OIDC]", email: "oidc@users.noreply.invalid" };

/** Who appears as the author. A person's mail address stays private: history can never be cleaned of it. */
export function authorOf(principal: Principal): CommitAuthor {
  switch (principal.kind) {
    case "user":
      return { name: principal.name, email: `${principal.name}@users.noreply.invalid` };
    case "repo-workload":
      return WORKLOAD_AUTHOR;
    case "user-workload":
    case "anonymous":
      throw new Error(`unreachable: ${principal.kind} never writes`);
  }
}

/**
 * The message of a commit. One by a job ends in the trailers `OIDC-Issuer`, `OIDC-Subject` and `OIDC-Run`.
 *
 * Lines of the caller's text that look like these trailers are quoted, so that nobody signs a commit with another job's name.
 */
export function commitMessage({ summary, description }: CommitHeader, principal: Principal): string {
  const title = oneLine(summary) || "Update";
  const paragraphs = [title];
  const body = description
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replaceAll("\0", "")
    .trim();
  if (body !== "") paragraphs.push(body);
  const text = paragraphs.join("\n\n").replaceAll(/^([ \t]*OIDC-)/gim, "> $1");
  return principal.kind === "repo-workload" ? `${text}\n\n${trailersOf(principal.origin)}\n` : `${text}\n`;
}

function trailersOf({ issuer, subject, runUrl }: WorkloadOrigin): string {
  const trailers = [`OIDC-Issuer: ${oneLine(issuer)}`, `OIDC-Subject: ${oneLine(subject)}`];
  if (runUrl !== undefined) trailers.push(`OIDC-Run: ${oneLine(runUrl)}`);
  return trailers.join("\n");
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}
