import { parseStatement } from "@postern/core/provenance/commit-statement";
import { parseEnvelope } from "@postern/core/provenance/dsse";

/**
 * Who made a commit, in the words of the management API: read from a stored envelope, so from what was signed and nothing else.
 *
 * @returns `undefined` when the envelope holds no statement of ours.
 */
export function summaryOf(envelope: string): Readonly<Record<string, unknown>> | undefined {
  const parsed = parseEnvelope(JSON.parse(envelope));
  const statement =
    parsed === undefined ? undefined : parseStatement(Buffer.from(parsed.payload, "base64").toString("utf8"));
  if (statement === undefined) return undefined;
  const { by, at, through, ref, requestId } = statement.predicate;
  const move = { at, through, ref, request_id: requestId === "" ? null : requestId };
  if (by.kind === "user") return { kind: "user", user: by.name, token_id: by.tokenId, ...move };
  const { source } = by;
  return {
    kind: "workload",
    provider: by.provider,
    issuer: by.issuer,
    subject: by.subject,
    repository: source.repository ?? null,
    repository_id: source.repositoryId ?? null,
    workflow: source.workflow ?? null,
    source_ref: source.ref ?? null,
    sha: source.sha ?? null,
    run_url: by.runUrl,
    publisher_id: by.publisherId,
    token_id: by.tokenId,
    ...move,
  };
}
