import type { ClaimSet } from "@postern/core/claims/claim-set";
import { readClaim } from "@postern/core/claims/read-claim";
import { parseStrictJson } from "@postern/core/claims/strict-json";
import { readConfiguredClaim } from "@postern/core/provider/configured-claim";
import { PRESETS } from "@postern/core/provider/presets";
import { type ProviderId, parseProviderId } from "@postern/core/provider/provider-id";
import type { ProviderPreset } from "@postern/core/provider/provider-preset";
import type { ClaimValue } from "@postern/core/publisher/publisher";

/** What an id token says, read without checking its signature: for people, never for a decision. */
export function readUnverifiedClaims(token: string): ClaimSet | undefined {
  const [, payload] = token.split(".");
  if (payload === undefined) return undefined;
  const json = parseStrictJson(Buffer.from(payload, "base64url").toString("utf8"), 8);
  if (json.kind === "refused") return undefined;
  const { value } = json;
  return isClaimSet(value) ? value : undefined;
}

/** The rules for this token: of the job's provider, else of whoever owns the issuer's host. */
export function presetFor(detected: string | undefined, claims: ClaimSet): ProviderPreset {
  const known: ProviderId | undefined = detected === undefined ? undefined : parseProviderId(detected);
  if (known !== undefined) return PRESETS[known];
  const issuer = readClaim(claims, "iss");
  const host = typeof issuer === "string" && URL.canParse(issuer) ? new URL(issuer).hostname : "";
  return Object.values(PRESETS).find(({ ownHosts }) => ownHosts.some((own) => own.test(host))) ?? PRESETS.custom;
}

const ALWAYS = ["iss", "aud", "sub", "iat", "exp"];
const CIRCUMSTANCES = ["ref", "environment", "event_name", "pipeline_source", "runner_environment", "run_id"];

/** The claims that a job may print: who it is and what a publisher can pin. Ids of tokens and people are not among them. */
export function shownClaims(preset: ProviderPreset, claims: ClaimSet): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  for (const name of ALWAYS) {
    const value = readClaim(claims, name);
    if (value !== undefined) shown[name] = value;
  }
  const names = [...preset.proofs.flat(), ...preset.tenantClaims, ...Object.keys(preset.derived), ...CIRCUMSTANCES];
  for (const name of names) {
    const value = readConfiguredClaim(preset, claims, name);
    if (value !== undefined) shown[name] = value;
  }
  return shown;
}

/** The claims that a first publisher for this job would pin. */
export function claimsToPin(preset: ProviderPreset, claims: ClaimSet): Readonly<Record<string, ClaimValue>> {
  const pinned: Record<string, ClaimValue> = {};
  const names = [...preset.tenantClaims, ...preset.proofs.flat(), "workflow", "branch", "tag", "environment"];
  for (const name of names) {
    const value = readConfiguredClaim(preset, claims, name);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") pinned[name] = value;
  }
  return pinned;
}

function isClaimSet(value: unknown): value is ClaimSet {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
