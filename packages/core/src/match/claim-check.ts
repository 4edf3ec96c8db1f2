import { foldAscii } from "../claims/ascii-fold.ts";
import type { ClaimSet, JsonValue } from "../claims/claim-set.ts";
import { claimDefinitionOf, readConfiguredClaim } from "../provider/configured-claim.ts";
import type { ProviderPreset } from "../provider/provider-preset.ts";
import type { ClaimValue, Publisher } from "../publisher/publisher.ts";

/** One configured claim held against a token. */
export interface ClaimCheck {
  readonly claim: string;
  readonly expected: ClaimValue;
  /** `undefined` when the token has no such claim. */
  readonly got: JsonValue | undefined;
  readonly ok: boolean;
}

/** Checks every configured claim, in the order in which it was configured. */
export function checkClaims(
  preset: ProviderPreset,
  claims: ClaimSet,
  publisher: Pick<Publisher, "claims">,
): readonly ClaimCheck[] {
  return Object.entries(publisher.claims).map(([claim, expected]) => {
    const got = readConfiguredClaim(preset, claims, claim);
    return { claim, expected, got, ok: claimEquals(preset, claim, expected, got) };
  });
}

/**
 * Exact, with the JSON type: `"7"` is not `7`, `["a"]` is not `"a"`. Only names that the provider itself folds are folded, and only
 * in ASCII.
 */
export function claimEquals(
  preset: ProviderPreset,
  claim: string,
  expected: ClaimValue,
  got: JsonValue | undefined,
): boolean {
  if (expected === "" || got === undefined) return false;
  if (expected === got) return true;
  if (typeof expected !== "string" || typeof got !== "string") return false;
  if (claimDefinitionOf(preset, claim)?.compare !== "ci-ascii") return false;
  return foldAscii(expected) === foldAscii(got);
}
