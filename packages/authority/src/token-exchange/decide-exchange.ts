import type { OAuthError } from "@postern/core/error/oauth-error";
import type { ClaimCheck } from "@postern/core/match/claim-check";
import { explainCheck, showClaimValue } from "@postern/core/match/explain-check";
import { matchPublishers, type PublisherChecks } from "@postern/core/match/match-publishers";
import { mismatchCodeOf } from "@postern/core/match/mismatch-code";
import { acceptingPublishers, triggerSignalOf } from "@postern/core/match/trigger-signal";
import { readConfiguredClaim } from "@postern/core/provider/configured-claim";
import type { TriggerRule } from "@postern/core/provider/provider-preset";
import type { Publisher } from "@postern/core/publisher/publisher";
import { exchangeRefusal } from "./exchange-refusal.ts";
import type { VerifiedSubjectToken } from "./verify-subject-token.ts";

export type ExchangeDecision =
  | { readonly kind: "allow"; readonly publisher: Publisher; readonly checks: readonly ClaimCheck[] }
  | { readonly kind: "deny"; readonly refusal: OAuthError };

/**
 * Decides which of a resource's publishers a verified token earns, and how much a refused caller may learn (trusted-publishing §2.3).
 *
 * A caller that proved no immutable id of a publisher gets one and the same answer for a missing resource, a resource without
 * publishers and a publisher of somebody else.
 */
export function decideExchange(token: VerifiedSubjectToken, publishers: readonly Publisher[]): ExchangeDecision {
  const { preset, claims, issuer } = token;
  const own = publishers.filter(({ provider }) => provider === issuer.provider);
  const signal = triggerSignalOf(preset, claims);
  if (signal !== undefined) {
    const outcome = matchPublishers(preset, claims, acceptingPublishers(signal, own));
    return outcome.kind === "match" ? allow(outcome) : { kind: "deny", refusal: triggerRefusal(token, signal) };
  }
  const outcome = matchPublishers(preset, claims, own);
  if (outcome.kind === "match") return allow(outcome);
  const refusal = outcome.nearest === undefined ? noMatch(token) : mismatch(token, outcome.nearest);
  return { kind: "deny", refusal };
}

function allow({ publisher, checks }: PublisherChecks): ExchangeDecision {
  return { kind: "allow", publisher, checks };
}

function triggerRefusal(token: VerifiedSubjectToken, { code }: TriggerRule): OAuthError {
  return exchangeRefusal(code, {
    detail: factsOf(token),
    explanation: describe(token, ["event_name", "pipeline_source", "ref", "project_id", "job_project_id"]),
  });
}

function noMatch(token: VerifiedSubjectToken): OAuthError {
  const { preset } = token;
  const names = [...new Set([...preset.proofs.flat(), ...preset.tenantClaims, ...Object.keys(preset.derived)])];
  return exchangeRefusal("TP1701", { detail: factsOf(token), explanation: describe(token, names) });
}

function mismatch(token: VerifiedSubjectToken, { publisher, checks }: PublisherChecks): OAuthError {
  const failed = checks.filter(({ ok }) => !ok);
  const [first] = failed;
  return exchangeRefusal(mismatchCodeOf(checks), {
    ...(first === undefined ? {} : { sentence: `${explainCheck(first)}.` }),
    explanation: checks.map(explainCheck),
    detail: { ...factsOf(token), publisher_id: publisher.id, failed_claims: failed.map(({ claim }) => claim) },
  });
}

/** What the caller's own token says, in the shape in which a publisher is configured, so that the two can be laid side by side. */
function describe({ preset, claims }: VerifiedSubjectToken, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const value = readConfiguredClaim(preset, claims, name);
    return value === undefined ? [] : [`The token says ${name}: ${showClaimValue(value)}`];
  });
}

function factsOf({ issuer, subject }: VerifiedSubjectToken): Readonly<Record<string, unknown>> {
  return { issuer: issuer.url, subject };
}
