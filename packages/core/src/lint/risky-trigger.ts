import type { ProviderPreset } from "../provider/provider-preset.ts";
import type { Publisher } from "../publisher/publisher.ts";

/** What a publisher says that it accepts although jobs of that kind are refused by default; a sentence, or nothing. */
export function riskyTriggerOf({ claims }: Publisher, preset: ProviderPreset): string | undefined {
  for (const { unlessPinned, applies } of preset.triggerRules) {
    const pinned = unlessPinned !== undefined && Object.hasOwn(claims, unlessPinned) ? claims[unlessPinned] : undefined;
    if (unlessPinned !== undefined && pinned !== undefined && applies({ [unlessPinned]: pinned }))
      return `It accepts jobs with ${unlessPinned} ${String(pinned)}, where code that nobody reviewed may run.`;
  }
  return undefined;
}
