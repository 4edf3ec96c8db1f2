import type { ClaimSet, JsonValue } from "../claims/claim-set.ts";
import { readClaim } from "../claims/read-claim.ts";
import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

/**
 * What the preset knows about a claim that a publisher configures. A derived claim wins over a raw one of the same name: on GitHub
 * `workflow` means the file, never the display name.
 *
 * @returns `undefined` when the preset knows no such claim.
 */
export function claimDefinitionOf(preset: ProviderPreset, name: string): ClaimDefinition | undefined {
  if (Object.hasOwn(preset.derived, name)) return preset.derived[name];
  if (Object.hasOwn(preset.claims, name)) return preset.claims[name];
  for (const [prefix, definition] of Object.entries(preset.claimPrefixes)) {
    if (name.startsWith(prefix) && name.length > prefix.length) return definition;
  }
  return undefined;
}

/** The value that a token has for a configured claim. An empty string counts as absent, as in a job without environment. */
export function readConfiguredClaim(preset: ProviderPreset, claims: ClaimSet, name: string): JsonValue | undefined {
  const derived = Object.hasOwn(preset.derived, name) ? preset.derived[name] : undefined;
  const value = derived === undefined ? readClaim(claims, name) : derived.derive(claims);
  return value === "" ? undefined : value;
}
