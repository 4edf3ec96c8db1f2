import type { ClaimSet } from "../claims/claim-set.ts";
import { readConfiguredClaim } from "../provider/configured-claim.ts";
import type { ProviderPreset } from "../provider/provider-preset.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { type ClaimCheck, checkClaims, claimEquals } from "./claim-check.ts";

export interface PublisherChecks {
  readonly publisher: Publisher;
  readonly checks: readonly ClaimCheck[];
}

export type MatchOutcome =
  | {
      readonly kind: "match";
      readonly publisher: Publisher;
      readonly checks: readonly ClaimCheck[];
      /** Publishers that match as well and were less specific. */
      readonly others: readonly Publisher[];
    }
  /** `nearest` is only filled when the caller proved by immutable id that the publisher is about its own project. */
  | { readonly kind: "none"; readonly nearest: PublisherChecks | undefined };

/**
 * Picks the publisher that a token earns.
 *
 * The most specific one wins, so that a publisher without an environment never shadows the one with it; then write before read, then
 * the oldest, then the id. The same inputs give the same answer.
 *
 * @param publishers - Of one resource and of the token's own issuer, all enabled.
 */
export function matchPublishers(
  preset: ProviderPreset,
  claims: ClaimSet,
  publishers: readonly Publisher[],
): MatchOutcome {
  const checked = publishers.map((publisher) => ({ publisher, checks: checkClaims(preset, claims, publisher) }));
  const [best, ...others] = checked.filter(isMatch).sort(byPrecedence);
  if (best !== undefined) return { kind: "match", ...best, others: others.map(({ publisher }) => publisher) };
  const [nearest] = checked
    .filter(({ publisher }) => provesIdentity(preset, claims, publisher))
    .sort((a, b) => failures(a) - failures(b) || byPrecedence(a, b));
  return { kind: "none", nearest };
}

/** A publisher with nothing to check matches nothing: a row emptied by a bug must not become a master key. */
function isMatch({ checks }: PublisherChecks): boolean {
  return checks.length > 0 && checks.every(({ ok }) => ok);
}

/** Does the token carry the immutable id that this publisher pins? Names prove nothing: they can be registered again. */
export function provesIdentity(preset: ProviderPreset, claims: ClaimSet, publisher: Publisher): boolean {
  const proof = preset.proofs.find(([first]) => first !== undefined && Object.hasOwn(publisher.claims, first));
  if (proof === undefined) return false;
  return proof.every((claim) => {
    const expected = Object.hasOwn(publisher.claims, claim) ? publisher.claims[claim] : undefined;
    return expected === undefined || claimEquals(preset, claim, expected, readConfiguredClaim(preset, claims, claim));
  });
}

/** The most specific first; the same inputs give the same order. */
export function byPrecedence(a: PublisherChecks, b: PublisherChecks): number {
  if (a.checks.length !== b.checks.length) return b.checks.length - a.checks.length;
  if (a.publisher.access !== b.publisher.access) return a.publisher.access === "write" ? -1 : 1;
  if (a.publisher.createdAt !== b.publisher.createdAt) return a.publisher.createdAt - b.publisher.createdAt;
  return a.publisher.id < b.publisher.id ? -1 : 1;
}

function failures({ checks }: PublisherChecks): number {
  return checks.filter(({ ok }) => !ok).length;
}
