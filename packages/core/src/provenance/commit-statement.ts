import type { JobSource } from "../provider/job-source.ts";
import { parseJobSource } from "../provider/job-source.ts";

/** `payloadType` of an envelope with an in-toto statement (in-toto Attestation Framework, Envelope layer). */
export const IN_TOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
/** What our predicate means is written in docs/reference/provenance.md. */
export const COMMIT_PREDICATE_TYPE = "urn:postern:commit-provenance:v1";

/** Who moved a branch. */
export type CommitActor =
  | {
      readonly kind: "workload";
      readonly provider: string;
      readonly issuer: string;
      readonly subject: string;
      readonly publisherId: string;
      readonly tokenId: string;
      readonly runUrl: string | null;
      readonly source: JobSource;
    }
  | { readonly kind: "user"; readonly name: string; readonly tokenId: string };

/** One move of one ref, and who made it. */
export interface CommitPredicate {
  /** Public URL of the hub that vouches for it. */
  readonly hub: string;
  /** `models/acme/train`, as it was called then, and its id, which never changes. */
  readonly repo: string;
  readonly repoId: string;
  readonly ref: string;
  /** Where the ref pointed before; `null` where there was none. */
  readonly before: string | null;
  readonly after: string;
  readonly through: "api" | "git-push";
  readonly by: CommitActor;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Of the request; the audit log has it too. */
  readonly requestId: string;
}

export interface CommitStatement {
  /** The commits that came with the move, newest first: SHA-1 ids, 40 hex digits. */
  readonly commits: readonly string[];
  readonly predicate: CommitPredicate;
}

/** The statement as JSON text (in-toto Statement v1). */
export function formatStatement({ commits, predicate }: CommitStatement): string {
  return JSON.stringify({
    _type: STATEMENT_TYPE,
    subject: commits.map((gitCommit) => ({ name: predicate.repo, digest: { gitCommit } })),
    predicateType: COMMIT_PREDICATE_TYPE,
    predicate,
  });
}

/** Reads a statement whose signature holds. @returns `undefined` when it is another kind of statement or malformed. */
export function parseStatement(text: string): CommitStatement | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const subject = memberOf(json, "subject");
  const predicate = parsePredicate(memberOf(json, "predicate"));
  if (memberOf(json, "_type") !== STATEMENT_TYPE || memberOf(json, "predicateType") !== COMMIT_PREDICATE_TYPE)
    return undefined;
  if (!Array.isArray(subject) || predicate === undefined) return undefined;
  const commits: string[] = [];
  for (const one of subject) {
    const commit = memberOf(memberOf(one, "digest"), "gitCommit");
    if (memberOf(one, "name") !== predicate.repo || typeof commit !== "string" || !/^[0-9a-f]{40}$/.test(commit))
      return undefined;
    commits.push(commit);
  }
  return commits.includes(predicate.after) ? { commits, predicate } : undefined;
}

function parsePredicate(json: unknown): CommitPredicate | undefined {
  const text = (name: string): string | undefined => textOf(json, name);
  const hub = text("hub");
  const repo = text("repo");
  const repoId = text("repoId");
  const ref = text("ref");
  const after = text("after");
  const at = text("at");
  const requestId = text("requestId");
  const before = memberOf(json, "before");
  const through = memberOf(json, "through");
  const by = parseActor(memberOf(json, "by"));
  if (hub === undefined || repo === undefined || repoId === undefined || ref === undefined || after === undefined)
    return undefined;
  if (at === undefined || requestId === undefined || by === undefined) return undefined;
  if (before !== null && typeof before !== "string") return undefined;
  if (through !== "api" && through !== "git-push") return undefined;
  return { hub, repo, repoId, ref, before, after, through, by, at, requestId };
}

function parseActor(json: unknown): CommitActor | undefined {
  const tokenId = textOf(json, "tokenId");
  if (tokenId === undefined) return undefined;
  if (memberOf(json, "kind") === "user") {
    const name = textOf(json, "name");
    return name === undefined ? undefined : { kind: "user", name, tokenId };
  }
  if (memberOf(json, "kind") !== "workload") return undefined;
  const provider = textOf(json, "provider");
  const issuer = textOf(json, "issuer");
  const subject = textOf(json, "subject");
  const publisherId = textOf(json, "publisherId");
  const runUrl = memberOf(json, "runUrl");
  if (provider === undefined || issuer === undefined || subject === undefined || publisherId === undefined)
    return undefined;
  return {
    kind: "workload",
    provider,
    issuer,
    subject,
    publisherId,
    tokenId,
    runUrl: typeof runUrl === "string" ? runUrl : null,
    source: parseJobSource(memberOf(json, "source")),
  };
}

function textOf(json: unknown, name: string): string | undefined {
  const value = memberOf(json, name);
  return typeof value === "string" ? value : undefined;
}

function memberOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? Object.getOwnPropertyDescriptor(json, name)?.value : undefined;
}
