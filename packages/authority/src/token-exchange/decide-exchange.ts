import type { ClaimCheck } from "@postern/core/match/claim-check";
import { explainCheck, showClaimValue } from "@postern/core/match/explain-check";
import {
  type MatchOutcome,
  matchPublishers,
  type PublisherChecks,
  provesIdentity,
} from "@postern/core/match/match-publishers";
import { mismatchCodeOf } from "@postern/core/match/mismatch-code";
import { acceptingPublishers, triggerSignalOf } from "@postern/core/match/trigger-signal";
import { readConfiguredClaim } from "@postern/core/provider/configured-claim";
import type { TriggerRule } from "@postern/core/provider/provider-preset";
import { pinOfAddress } from "@postern/core/publisher/address-pin";
import { isAddressIn } from "@postern/core/publisher/address-range";
import type { Publisher } from "@postern/core/publisher/publisher";
import { type ExchangeRefusal, exchangeRefusal, type RefusalEvidence } from "./exchange-refusal.ts";
import type { VerifiedSubjectToken } from "./verify-subject-token.ts";

export type ExchangeDecision =
  | {
      readonly kind: "allow";
      readonly publisher: Publisher;
      readonly checks: readonly ClaimCheck[];
      /** Ids of publishers that match as well and were less specific. */
      readonly alsoMatched: readonly string[];
    }
  | { readonly kind: "deny"; readonly refusal: ExchangeRefusal };

/**
 * Decides which of a resource's publishers a verified token earns, and how much a refused caller may learn (trusted-publishing §2.3).
 *
 * A caller that proved no immutable id of a publisher gets one and the same answer for a missing resource, a resource without
 * publishers and a publisher of somebody else.
 */
export function decideExchange(
  token: VerifiedSubjectToken,
  publishers: readonly Publisher[],
  sourceAddress: string | undefined,
): ExchangeDecision {
  const reachable = publishers.filter((publisher) => mayComeFrom(sourceAddress, publisher));
  const decision = decideByClaims(token, reachable);
  if (decision.kind === "allow" || reachable.length === publishers.length) return decision;
  // Only whoever would have been let in from elsewhere learns that the address was the reason.
  const anywhere = decideByClaims(token, publishers);
  return anywhere.kind === "allow" ? { kind: "deny", refusal: wrongAddress(token, anywhere) } : anywhere;
}

function decideByClaims(token: VerifiedSubjectToken, publishers: readonly Publisher[]): ExchangeDecision {
  const { preset, claims, issuer } = token;
  const own = publishers.filter(
    // Invariant: a token for another audience matches no publisher but one that names exactly this audience, and the reverse
    // (test `counts for the publisher that names its audience, and for no other`).
    ({ provider, audience }) => provider === issuer.provider && audience === token.foreignAudience,
  );
  const signal = triggerSignalOf(preset, claims);
  if (signal !== undefined) {
    const outcome = matchPublishers(preset, claims, acceptingPublishers(signal, own));
    return outcome.kind === "match" ? allow(outcome) : { kind: "deny", refusal: triggerRefusal(token, signal) };
  }
  const outcome = matchPublishers(preset, claims, own);
  if (outcome.kind === "match") return allow(outcome);
  const refusal =
    outcome.nearest === undefined
      ? (wrongAudience(token, publishers) ?? noMatch(token))
      : mismatch(token, outcome.nearest);
  return { kind: "deny", refusal };
}

/** A token cannot be pinned to an address that cannot be read, so such an exchange earns nothing from a publisher that pins. */
function mayComeFrom(address: string | undefined, { sourceAddresses, pinAddress }: Publisher): boolean {
  if (pinAddress === true && pinOfAddress(address) === undefined) return false;
  return sourceAddresses.length === 0 || isAddressIn(address, sourceAddresses);
}

function allow({ publisher, checks, others }: Extract<MatchOutcome, { kind: "match" }>): ExchangeDecision {
  return { kind: "allow", publisher, checks, alsoMatched: others.map(({ id }) => id) };
}

function wrongAddress(token: VerifiedSubjectToken, match: PublisherChecks): ExchangeRefusal {
  return exchangeRefusal("TP1921", {
    detail: { ...factsOf(token).detail, publisher_id: match.publisher.id },
    evidence: evidenceOf(token, match),
  });
}

function triggerRefusal(token: VerifiedSubjectToken, { code }: TriggerRule): ExchangeRefusal {
  return exchangeRefusal(code, {
    ...factsOf(token),
    explanation: describe(token, [
      "event_name",
      "pipeline_source",
      "ref",
      "project_id",
      "job_project_id",
      "oidc.circleci.com/ssh-rerun",
    ]),
  });
}

/**
 * A token whose audience no publisher here names. Whoever proved a publisher's id learns what that publisher expects; everybody else
 * gets one answer for every token of another audience, so that it tells nothing about publishers.
 */
function wrongAudience(token: VerifiedSubjectToken, publishers: readonly Publisher[]): ExchangeRefusal | undefined {
  const { preset, claims, issuer, foreignAudience } = token;
  const proved = publishers.find(
    (publisher) =>
      publisher.provider === issuer.provider &&
      publisher.audience !== foreignAudience &&
      provesIdentity(preset, claims, publisher),
  );
  if (proved === undefined && foreignAudience === undefined) return undefined;
  const got = showClaimValue(claims.aud);
  const sentence =
    proved === undefined
      ? `Got ${got}, which counts only for a publisher that names it as its audience and this very identity.`
      : `The publisher expects ${showClaimValue(proved.audience ?? "this server's address")}, got ${got}.`;
  const explanation = describe(token, [...preset.proofs.flat(), ...preset.tenantClaims]);
  return exchangeRefusal("TP1501", { ...factsOf(token), sentence, explanation: [...new Set(explanation)] });
}

function noMatch(token: VerifiedSubjectToken): ExchangeRefusal {
  const { preset } = token;
  const names = [...new Set([...preset.proofs.flat(), ...preset.tenantClaims, ...Object.keys(preset.derived)])];
  return exchangeRefusal("TP1701", { ...factsOf(token), explanation: describe(token, names) });
}

function mismatch(token: VerifiedSubjectToken, { publisher, checks }: PublisherChecks): ExchangeRefusal {
  const failed = checks.filter(({ ok }) => !ok);
  const [first] = failed;
  return exchangeRefusal(mismatchCodeOf(checks), {
    ...(first === undefined ? {} : { sentence: `${explainCheck(first)}.` }),
    explanation: checks.map(explainCheck),
    detail: { ...factsOf(token).detail, publisher_id: publisher.id, failed_claims: failed.map(({ claim }) => claim) },
    evidence: evidenceOf(token, { publisher, checks }),
  });
}

/** What the caller's own token says, in the shape in which a publisher is configured, so that the two can be laid side by side. */
function describe({ preset, claims }: VerifiedSubjectToken, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const value = readConfiguredClaim(preset, claims, name);
    return value === undefined ? [] : [`The token says ${name}: ${showClaimValue(value)}`];
  });
}

function factsOf(token: VerifiedSubjectToken): {
  readonly detail: Readonly<Record<string, unknown>>;
  readonly evidence: RefusalEvidence;
} {
  return { detail: { issuer: token.issuer.url, subject: token.subject }, evidence: evidenceOf(token) };
}

/** @param nearest - The publisher whose id the token proved, if any. */
export function evidenceOf(
  { issuer, preset, claims }: VerifiedSubjectToken,
  nearest?: PublisherChecks,
): RefusalEvidence {
  return { issuer, preset, claims, checks: nearest?.checks ?? [], publisherId: nearest?.publisher.id };
}
