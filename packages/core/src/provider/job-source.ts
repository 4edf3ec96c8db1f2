import type { ClaimSet } from "../claims/claim-set.ts";
import { readClaim } from "../claims/read-claim.ts";

/** Where a job's code came from, in its provider's own words. */
export interface JobSource {
  /** `owner/name`, a project path, or host and path. */
  readonly repository?: string;
  /** The provider's immutable id of it. */
  readonly repositoryId?: string;
  /** The workflow or CI file, with its ref where the provider names one. */
  readonly workflow?: string;
  readonly ref?: string;
  /** The commit that the job ran for. */
  readonly sha?: string;
}

/** Which claim of a provider says which part, by name or JSON pointer (RFC 6901). */
export type JobSourceClaims = Readonly<Partial<Record<keyof JobSource, string>>>;

/** Longest value that is kept, in characters. */
const MAX_LENGTH = 512;
const PARTS = ["repository", "repositoryId", "workflow", "ref", "sha"] as const;

/** Reads the source of a job from its claims; for the record, never for a decision. A value that is no text, or too long, is left out. */
export function jobSourceOf(names: JobSourceClaims, claims: ClaimSet): JobSource {
  const source: { -readonly [part in keyof JobSource]: string } = {};
  for (const part of PARTS) {
    const name = names[part];
    const value = name === undefined ? undefined : readClaim(claims, name);
    if (typeof value === "string" && value !== "" && value.length <= MAX_LENGTH) source[part] = value.toWellFormed();
  }
  return source;
}

/** Reads it back from JSON that we stored; what is no text is left out. */
export function parseJobSource(json: unknown): JobSource {
  if (typeof json !== "object" || json === null) return {};
  const source: { -readonly [part in keyof JobSource]: string } = {};
  for (const part of PARTS) {
    const value: unknown = Object.getOwnPropertyDescriptor(json, part)?.value;
    if (typeof value === "string") source[part] = value;
  }
  return source;
}
