import { isJsonPointer } from "../claims/read-claim.ts";
import { claimDefinitionOf } from "../provider/configured-claim.ts";
import { PRESETS } from "../provider/presets.ts";
import type { ClaimDefinition, ProviderPreset } from "../provider/provider-preset.ts";
import { oddCharacterIn } from "./odd-character.ts";
import { claimField, invalid, type PublisherDraft } from "./publisher-draft.ts";
import { MAX_VALUE_LENGTH } from "./storable-value.ts";

const MAX_CLAIMS = 32;

/** Checked by the exchange itself, so pinning them identifies nobody (and `jti` or `exp` would match one token only). */
const REGISTERED: ReadonlySet<string> = new Set(["iss", "aud", "exp", "nbf", "iat", "jti"]);

/**
 * Holds a draft's claims against its provider.
 *
 * @throws {ApiError} `invalid_field` with the field and the remedy: nothing to check, a missing tenant claim, an unknown claim, a wrong
 *   JSON type, a value that the provider never sends, an invisible or look-alike character.
 */
export function validateClaims(draft: PublisherDraft): void {
  const preset = PRESETS[draft.provider];
  checkAudienceOf(draft, preset);
  const entries = Object.entries(draft.claims);
  // Fails closed: without a condition every token of the issuer would do.
  if (entries.length === 0)
    throw invalid("claims", "The publisher has nothing to check.", `Pin at least ${tenantAdvice(preset)}.`);
  if (entries.length > MAX_CLAIMS)
    throw invalid("claims", "The publisher has too many claims.", `Pin at most ${MAX_CLAIMS}.`);
  for (const [name, expected] of entries) {
    const definition = definitionFor(preset, name);
    checkType(name, expected, definition);
    if (typeof expected === "string") checkText(preset, name, expected, definition);
  }
  // The attack: a freed name is registered again by somebody else, whose jobs then match by name. Ids are never given out twice.
  if (preset.tenantClaims.length > 0 && !preset.tenantClaims.some((name) => Object.hasOwn(draft.claims, name)))
    throw invalid(
      "claims",
      `${preset.title} serves many tenants and names can be registered again, so a publisher must pin an immutable id.`,
      `Add ${tenantAdvice(preset)}.`,
    );
  const missing = preset.requiredClaims?.find(({ claim }) => !Object.hasOwn(draft.claims, claim));
  if (missing !== undefined) throw invalid("claims", missing.why, `Add ${missing.claim}.`);
}

/**
 * The attack: an audience that names another service would let whoever receives tokens for that service publish here, so only the
 * provider that needs it may have one.
 */
function checkAudienceOf({ audience }: PublisherDraft, { title, publisherAudience }: ProviderPreset): void {
  if (audience === undefined) return;
  if (publisherAudience === undefined)
    throw invalid(
      "audience",
      `${title} signs for any audience, so its tokens must be meant for this server.`,
      "Leave the audience out.",
    );
  if (!publisherAudience.pattern.test(audience))
    throw invalid("audience", `${title} has no such audience, or it is another service's.`, publisherAudience.hint);
}

function definitionFor(preset: ProviderPreset, name: string): ClaimDefinition | undefined {
  if (REGISTERED.has(name) || (name.startsWith("/") && REGISTERED.has(name.slice(1))))
    throw invalid(claimField(name), `The claim ${name} is checked on every exchange.`, "Leave it out.");
  const definition = claimDefinitionOf(preset, name);
  if (definition !== undefined) return definition;
  if (!preset.openClaims) throw unknownClaim(preset, name);
  const odd = oddCharacterIn(name, "text");
  if (name === "" || name.length > 256 || odd !== undefined)
    throw invalid(
      claimField(name),
      "The name of a claim is empty, too long or holds an invisible character.",
      "Copy it from a decoded token.",
    );
  if (name.startsWith("/") && !isJsonPointer(name))
    throw invalid(
      claimField(name),
      "The name starts with / but is no JSON pointer.",
      "Write ~ as ~0 and / inside a name as ~1.",
    );
  return undefined;
}

function unknownClaim(preset: ProviderPreset, name: string): Error {
  const known = [...Object.keys(preset.derived), ...Object.keys(preset.claims)];
  const near = known.find((candidate) => fold(candidate) === fold(name));
  return invalid(
    claimField(name),
    `${preset.title} sends no claim of this name.`,
    near === undefined ? `Use one of ${[...new Set(known)].join(", ")}.` : `Did you mean ${near}?`,
  );
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

function checkType(name: string, expected: string | number | boolean, definition: ClaimDefinition | undefined): void {
  if (typeof expected === "number" && !Number.isSafeInteger(expected) && !isPlainFraction(expected))
    throw invalid(
      claimField(name),
      "The number is too large to be compared exactly.",
      "Give it as the issuer sends it.",
    );
  if (definition === undefined || typeof expected === definition.type) return;
  throw invalid(
    claimField(name),
    `The claim ${name} is a ${definition.type}, not a ${typeof expected}.`,
    definition.type === "string" ? "Write the value in quotes." : "Write the value without quotes.",
  );
}

function isPlainFraction(value: number): boolean {
  return Number.isFinite(value) && !Number.isInteger(value);
}

function checkText(
  preset: ProviderPreset,
  name: string,
  expected: string,
  definition: ClaimDefinition | undefined,
): void {
  const field = claimField(name);
  if (expected === "")
    throw invalid(field, `The claim ${name} is empty.`, "An empty claim counts as absent; leave it out.");
  if (expected.length > MAX_VALUE_LENGTH)
    throw invalid(field, `The claim ${name} is too long.`, `Use at most ${MAX_VALUE_LENGTH} characters.`);
  const allowed = preset.openClaims || definition?.text === true ? "text" : "ascii";
  const odd = oddCharacterIn(expected, allowed);
  if (odd !== undefined)
    throw invalid(
      field,
      `The claim ${name} holds ${odd.what} (${odd.codePoint}) at position ${odd.position}.`,
      "Type the value again by hand instead of pasting it.",
    );
  if (definition?.shape !== undefined && !definition.shape.pattern.test(expected))
    throw invalid(field, `${preset.title} never sends such a value for ${name}.`, definition.shape.hint);
}

function tenantAdvice(preset: ProviderPreset): string {
  return preset.tenantClaims.length === 0
    ? "one claim that identifies the workload, such as sub"
    : preset.tenantClaims.join(" or ");
}
