import { hash } from "node:crypto";
import type { JsonValue } from "@postern/core/claims/claim-set";
import type { OAuthError } from "@postern/core/error/oauth-error";
import { showClaimValue } from "@postern/core/match/explain-check";
import { readConfiguredClaim } from "@postern/core/provider/configured-claim";
import type { ProviderPreset } from "@postern/core/provider/provider-preset";
import type { ClaimValue, PublisherTarget } from "@postern/core/publisher/publisher";
import { formatResource, type Resource } from "@postern/core/resource/resource";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { RefusalEvidence } from "../token-exchange/exchange-refusal.ts";
import type { AttemptCheck, NewAttempt } from "./attempt.ts";

/** Longest text that is kept whole; a branch may be 255 characters long. */
const MAX_TEXT_LENGTH = 256;

/** What the owner of a resource gets to see of one refused exchange: never the token, never a claim that no publisher could pin. */
export function describeAttempt(
  { exchangeCode, code, message }: OAuthError,
  evidence: RefusalEvidence,
  resource: Resource,
  target: PublisherTarget,
  at: EpochSeconds,
): NewAttempt {
  const { issuer, preset, claims: token, publisherId } = evidence;
  const checks = evidence.checks.map(
    ({ claim, expected, got, ok }): AttemptCheck => ({ claim, expected, got: kept(got) ?? null, ok }),
  );
  const names = new Set([...configurableNames(preset), ...checks.map(({ claim }) => claim)]);
  const claims: Record<string, ClaimValue> = {};
  for (const name of names) {
    const value = readConfiguredClaim(preset, token, name);
    if (isWhole(value)) claims[name] = value;
  }
  const ids = identityNames(preset).map((name) => claims[name] ?? null);
  const failed = checks.filter(({ ok }) => !ok);
  const stable = [formatResource(resource).toLowerCase(), issuer.url, ids, exchangeCode ?? code, failed];
  return {
    target,
    sameAs: hash("sha256", JSON.stringify(stable), "hex"),
    provider: issuer.provider,
    issuer: issuer.url,
    code: exchangeCode ?? code,
    message,
    claims,
    checks,
    publisherId,
    runUrl: preset.runUrl(token, issuer.url),
    at,
  };
}

/** The claims that say whose job this is. */
export function identityNames(preset: ProviderPreset): readonly string[] {
  return [...new Set([...preset.tenantClaims, ...preset.proofs.flat()])];
}

function configurableNames(preset: ProviderPreset): readonly string[] {
  return [...identityNames(preset), ...Object.keys(preset.derived), "environment", "event_name", "pipeline_source"];
}

function isWhole(value: JsonValue | undefined): value is ClaimValue {
  if (typeof value === "string") return value.length <= MAX_TEXT_LENGTH;
  return typeof value === "number" || typeof value === "boolean";
}

function kept(value: JsonValue | undefined): ClaimValue | undefined {
  if (value === undefined || isWhole(value)) return value;
  return showClaimValue(value);
}
