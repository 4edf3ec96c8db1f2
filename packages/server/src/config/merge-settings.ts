import type { ServerSettings } from "./server-config.ts";

/** The first source that says something about a setting wins; `undefined` says nothing. */
export function mergeSettings(...sources: readonly ServerSettings[]): ServerSettings {
  const merged: Record<string, unknown> = {};
  for (const source of sources) {
    for (const [name, value] of Object.entries(source)) {
      if (value !== undefined && merged[name] === undefined) merged[name] = value;
    }
  }
  return merged;
}
