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
import { type IdentityChange, isFrozen, type Publisher } from "@postern/core/publisher/publisher";
import {
  type DriftedPublisher,
  describeChange,
  driftedPublishers,
  isAcceptedRename,
  type RenamePolicy,
  whyNotRenamed,
} from "./drifted-publishers.ts";
import { type ExchangeRefusal, exchangeRefusal, type RefusalEvidence } from "./exchange-refusal.ts";
import type { VerifiedSubjectToken } from "./verify-subject-token.ts";

export type ExchangeDecision =
  | {
      readonly kind: "allow";
      readonly publisher: Publisher;
      readonly checks: readonly ClaimCheck[];
      /** Ids of publishers that match as well and were less specific. */
      readonly alsoMatched: readonly string[];
      /** Set when the publisher takes the project's new name with this grant; the checks are those against the old one. */
      readonly rename?: IdentityChange;
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
  renames: RenamePolicy,
): ExchangeDecision {
  const reachable = publishers.filter((publisher) => mayComeFrom(sourceAddress, publisher));
  const decision = decideByClaims(token, reachable, renames);
  if (decision.kind === "allow" || reachable.length === publishers.length) return decision;
  // Only whoever would have been let in from elsewhere learns that the address was the reason.
  const anywhere = decideByClaims(token, publishers, renames);
  return anywhere.kind === "allow" ? { kind: "deny", refusal: wrongAddress(token, anywhere) } : anywhere;
}

function decideByClaims(
  token: VerifiedSubjectToken,
  publishers: readonly Publisher[],
  renames: RenamePolicy,
): ExchangeDecision {
  const { preset, claims, issuer } = token;
  const own = publishers.filter(
    // Invariant: a token for another audience matches no publisher but one that names exactly this audience, and the reverse
    // (test `counts for the publisher that names its audience, and for no other`).
    ({ provider, audience }) => provider === issuer.provider && audience === token.foreignAudience,
  );
  const signal = triggerSignalOf(preset, claims);
  const candidates = signal === undefined ? own : acceptingPublishers(signal, own);
  const outcome = matchPublishers(
    preset,
    claims,
    candidates.filter((publisher) => !isFrozen(publisher)),
  );
  // A publisher that matches as it stands comes before one that would have to be renamed.
  if (outcome.kind === "match") return allow(outcome);
  const drifted = driftedPublishers(token, candidates);
  const renamed = drifted.find((one) => isAcceptedRename(one, renames));
  if (renamed !== undefined) return { kind: "allow", ...renamed, alsoMatched: [], rename: renamed.drift };
  if (signal !== undefined) return { kind: "deny", refusal: triggerRefusal(token, signal) };
  const refusal =
    frozen(token, candidates, drifted, outcome.nearest) ??
    unconfirmedRename(token, drifted, renames) ??
    (outcome.nearest === undefined
      ? (wrongAudience(token, publishers) ?? noMatch(token))
      : mismatch(token, outcome.nearest));
  return { kind: "deny", refusal };
}

/** A token cannot be pinned to an address that cannot be read, so such an exchange earns nothing from a publisher that pins. */
function mayComeFrom(address: string | undefined, { sourceAddresses, pinAddress }: Publisher): boolean {
  if (pinAddress === true && pinOfAddress(address) === undefined) return false;
  return sourceAddresses.length === 0 || isAddressIn(address, sourceAddresses);
}

/** A project that was transferred, or a publisher that would match and still waits for its transfer to be confirmed. */
function frozen(
  token: VerifiedSubjectToken,
  candidates: readonly Publisher[],
  drifted: readonly DriftedPublisher[],
  unfrozen: PublisherChecks | undefined,
): ExchangeRefusal | undefined {
  const transferred = drifted.filter(({ drift }) => drift.kind === "transfer");
  const [first] = transferred;
  const held = matchPublishers(token.preset, token.claims, candidates.filter(isFrozen));
  // Where another publisher of the same project is there to be explained, the frozen one is told of only if it was the one meant.
  const near = first ?? (held.kind === "match" ? held : unfrozen === undefined ? held.nearest : undefined);
  if (near === undefined) return undefined;
  const change = first?.drift ?? near.publisher.change;
  return exchangeRefusal("TP1912", {
    ...(change === undefined ? {} : { sentence: `${describeChange(near.publisher, change)}.` }),
    explanation: near.checks.map(explainCheck),
    ...proved(token, near, transferred),
  });
}

function unconfirmedRename(
  token: VerifiedSubjectToken,
  drifted: readonly DriftedPublisher[],
  renames: RenamePolicy,
): ExchangeRefusal | undefined {
  const waiting = drifted.filter(({ publisher }) => !isFrozen(publisher));
  const [nearest] = waiting;
  if (nearest === undefined) return undefined;
  return exchangeRefusal("TP1805", {
    sentence: whyNotRenamed(nearest, renames),
    explanation: nearest.checks.map(explainCheck),
    ...proved(token, nearest, waiting),
  });
}

/** What is kept of a refusal whose caller proved the id of a publisher. */
function proved(
  token: VerifiedSubjectToken,
  nearest: PublisherChecks,
  drifted: readonly DriftedPublisher[],
): { readonly detail: Readonly<Record<string, unknown>>; readonly evidence: RefusalEvidence } {
  const failed = nearest.checks.filter(({ ok }) => !ok).map(({ claim }) => claim);
  return {
    detail: { ...factsOf(token).detail, publisher_id: nearest.publisher.id, failed_claims: failed },
    evidence: {
      ...evidenceOf(token, nearest),
      changes: drifted.map(({ publisher, drift: { kind, to } }) => ({ publisher, change: { kind, to } })),
    },
  };
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
