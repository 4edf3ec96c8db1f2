import { foldAscii } from "../claims/ascii-fold.ts";
import type { ProjectIdentity, ProviderPreset } from "../provider/provider-preset.ts";
import type { IdentityChange } from "../publisher/publisher.ts";
import { isStorableText } from "../publisher/storable-value.ts";
import type { ClaimCheck } from "./claim-check.ts";

/** How a publisher and a token of the very project that it pins drifted apart. */
export interface IdentityDrift extends IdentityChange {
  /** True when the owner is the same by id and nothing but names differs: the project was renamed, whoever sent the token. */
  readonly isPureRename: boolean;
}

/**
 * Reads from one publisher's checks whether its project was renamed or transferred since it was configured.
 *
 * Only a token that carries the project's own pinned id says anything here. A rename is seen when nothing but names differs; a transfer
 * whenever the owner's id is another one, whatever else differs. An owner's id that the token does not carry (Buildkite sends it on
 * request only) is no transfer.
 *
 * @param checks - All of one publisher's claims held against the token.
 */
export function identityDriftOf(preset: ProviderPreset, checks: readonly ClaimCheck[]): IdentityDrift | undefined {
  const { project } = preset;
  if (project === undefined) return undefined;
  if (!checks.some(({ claim, ok }) => claim === project.id && ok)) return undefined;
  const names = [...project.names, ...project.ownerNames];
  const differing = checks.filter(({ ok }) => !ok);
  const owner = checks.find(({ claim }) => claim === project.ownerId);
  const movable = differing.filter(({ claim }) => claim === project.ownerId || names.includes(claim));
  const storable = movable.filter(({ claim, got }) => isStorableText(preset, claim, got));
  if (owner !== undefined && !owner.ok) {
    return storable.includes(owner) ? { kind: "transfer", to: valuesOf(storable), isPureRename: false } : undefined;
  }
  if (differing.length === 0 || storable.length !== differing.length) return undefined;
  if (storable.some((check) => movedBelowAnotherOwner(project, check)))
    return { kind: "transfer", to: valuesOf(storable), isPureRename: false };
  // Without the owner's id nobody can tell a rename from a transfer.
  return { kind: "rename", to: valuesOf(storable), isPureRename: owner !== undefined };
}

function valuesOf(checks: readonly ClaimCheck[]): IdentityChange["to"] {
  return Object.fromEntries(checks.flatMap(({ claim, got }) => (typeof got === "string" ? [[claim, got]] : [])));
}

/** `acme/ml/train` to `evil/ml/train`: the subgroup `ml` has its old id, and other owners above it. */
function movedBelowAnotherOwner({ ownersNest, names }: ProjectIdentity, { claim, expected, got }: ClaimCheck): boolean {
  if (ownersNest !== true) return false;
  const own = names.includes(claim) ? 2 : 1;
  const above = (path: unknown): string => foldAscii(String(path)).split("/").slice(0, -own).join("/");
  return above(expected) !== above(got);
}
