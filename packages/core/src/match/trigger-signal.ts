import type { ClaimSet } from "../claims/claim-set.ts";
import type { ProviderPreset, TriggerRule } from "../provider/provider-preset.ts";
import type { Publisher } from "../publisher/publisher.ts";

/** The first rule that speaks against this job; the order in the preset decides. */
export function triggerSignalOf(preset: ProviderPreset, claims: ClaimSet): TriggerRule | undefined {
  return preset.triggerRules.find(({ applies }) => applies(claims));
}

/** The publishers that accept the circumstance knowingly, by pinning the claim that tells of it. The match then checks its value. */
export function acceptingPublishers(rule: TriggerRule, publishers: readonly Publisher[]): readonly Publisher[] {
  const { unlessPinned } = rule;
  if (unlessPinned === undefined) return [];
  return publishers.filter(({ claims }) => Object.hasOwn(claims, unlessPinned));
}
