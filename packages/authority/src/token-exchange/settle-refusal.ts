import { hash } from "node:crypto";
import type { AuditEvent, AuditValue } from "@postern/core/audit/audit-event";
import type { OAuthError } from "@postern/core/error/oauth-error";
import { showClaimValue } from "@postern/core/match/explain-check";
import { parseResource } from "@postern/core/resource/resource";
import type { Clock } from "@postern/core/time/clock";
import type { AttemptStore, AwaitedChange } from "../attempts/attempt-store.ts";
import { describeAttempt } from "../attempts/describe-attempt.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { ExchangeLimits } from "../limits/exchange-limits.ts";
import { tooManyRequests } from "../limits/too-many-requests.ts";
import { auditResourceOf } from "./audit-resource.ts";
import { claimsBefore, listClaims } from "./changed-claims.ts";
import { auditUnavailable, ExchangeRefusal, type NoticedChange } from "./exchange-refusal.ts";
import type { ExchangeOrigin } from "./exchange-subject-token.ts";
import { findTarget } from "./judge-exchange.ts";
import type { ResourceDirectory } from "./resource-directory.ts";

/** Where refusals go before they are answered. */
export interface RefusalDeps {
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly attempts: Pick<AttemptStore, "record">;
  readonly resources: ResourceDirectory;
  readonly limits: ExchangeLimits;
}

/**
 * Writes one refusal down before it is answered, for the audit log and, once the issuer has vouched for the token, for the owner of
 * the resource. The subject token appears as its digest only.
 *
 * An address that was refused too often gets a 429 instead and one audit entry a minute: whoever floods the endpoint would otherwise
 * fill the log. A good token is never counted, whatever address it comes from.
 *
 * @returns what to answer.
 * @throws {OAuthError} `temporarily_unavailable` TP1905 when it cannot be written.
 */
export async function settleRefusal(
  refusal: OAuthError,
  parameters: ReadonlyMap<string, string>,
  origin: ExchangeOrigin,
  deps: RefusalDeps,
): Promise<OAuthError> {
  if (refusal.exchangeCode === "TP1301") deps.limits.noteUnknownKey(origin.sourceAddress);
  const share = refusal.code === "slow_down" ? undefined : deps.limits.takeRefused(origin.sourceAddress);
  const answer = share?.kind === "empty" ? tooManyRequests(share) : refusal;
  if (answer.code === "slow_down" && answer.detail.report !== true) return answer;
  try {
    await record(answer, parameters, origin, deps);
  } catch (cause) {
    throw auditUnavailable(cause);
  }
  return answer;
}

async function record(
  refusal: OAuthError,
  parameters: ReadonlyMap<string, string>,
  { requestId, sourceAddress }: ExchangeOrigin,
  deps: RefusalDeps,
): Promise<void> {
  const { issuer, subject } = refusal.detail;
  const verified = typeof issuer === "string" && typeof subject === "string";
  const resource = parseResource(parameters.get("resource") ?? "");
  const event: AuditEvent = {
    event: "token.exchange",
    outcome: "denied",
    actor: verified
      ? { kind: "workload", name: `${issuer} ${subject}`, tokenId: undefined }
      : { kind: "anonymous", name: "anonymous", tokenId: undefined },
    // A text that is no resource may hold anything, a pasted token included, so it is not repeated.
    resource: resource === undefined ? "unknown" : auditResourceOf(resource),
    requestId,
    sourceAddress,
    detail: { code: refusal.exchangeCode ?? refusal.code, ...flatten(refusal.detail), ...digestOf(parameters) },
  };
  const evidence = refusal instanceof ExchangeRefusal ? refusal.evidence : undefined;
  if (evidence === undefined || resource === undefined) return deps.audit.record(event);
  const target = await findTarget(resource, deps.resources);
  const attempt = describeAttempt(refusal, evidence, resource, target, deps.clock.now());
  return deps.attempts.record(attempt, event, evidence.changes?.map((change) => awaitedChange(change, event)) ?? []);
}

/** From now on the publisher waits for its owner, and a transferred one is frozen: the entry says so beside that of the refusal. */
function awaitedChange({ publisher, change }: NoticedChange, refusal: AuditEvent): AwaitedChange {
  const name = change.kind === "transfer" ? "publisher.frozen" : "publisher.rename-seen";
  const detail = {
    publisher_id: publisher.id,
    from: listClaims(claimsBefore(publisher, change)),
    to: listClaims(change.to),
    subject_token_sha256: refusal.detail.subject_token_sha256 ?? null,
  };
  return { publisher, change, audit: { ...refusal, event: name, outcome: "allowed", detail } };
}

function digestOf(parameters: ReadonlyMap<string, string>): Record<string, AuditValue> {
  const token = parameters.get("subject_token") ?? "";
  return token === "" ? {} : { subject_token_sha256: hash("sha256", token, "hex") };
}

function flatten(detail: Readonly<Record<string, unknown>>): Record<string, AuditValue> {
  const flat: Record<string, AuditValue> = {};
  for (const [name, value] of Object.entries(detail)) {
    if (typeof value === "number" || typeof value === "boolean" || value === null) flat[name] = value;
    else if (typeof value === "string") flat[name] = showClaimValue(value);
    else if (Array.isArray(value)) flat[name] = value.map((entry) => showClaimValue(String(entry)));
  }
  return flat;
}
