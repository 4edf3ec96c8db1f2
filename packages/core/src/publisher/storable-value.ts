import { claimDefinitionOf } from "../provider/configured-claim.ts";
import type { ProviderPreset } from "../provider/provider-preset.ts";
import { oddCharacterIn } from "./odd-character.ts";

/** Longest value of a configured claim, in UTF-16 code units. */
export const MAX_VALUE_LENGTH = 1024;

/** Could a person have configured this value? What a job brings along is stored under no weaker rule. */
export function isStorableText(preset: ProviderPreset, name: string, value: unknown): value is string {
  if (typeof value !== "string" || value === "" || value.length > MAX_VALUE_LENGTH) return false;
  const definition = claimDefinitionOf(preset, name);
  if (definition === undefined || definition.type !== "string") return false;
  if (oddCharacterIn(value, definition.text === true ? "text" : "ascii") !== undefined) return false;
  return definition.shape === undefined || definition.shape.pattern.test(value);
}
