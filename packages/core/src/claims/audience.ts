import type { ClaimSet } from "./claim-set.ts";
import { readClaim } from "./read-claim.ts";

export type AudienceVerdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "missing" }
  /** More than one: the token could be replayed at, or come from, a sister service (RFC 8725 §3.9). */
  | { readonly kind: "several"; readonly got: readonly string[] }
  | { readonly kind: "other"; readonly got: string };

/**
 * `aud` must be exactly one accepted text, as a string or as an array of one (RFC 7519 §4.1.3).
 *
 * @param tolerated - Texts that an array may hold beside the accepted one; none of them is ever enough.
 */
export function checkAudience(
  claims: ClaimSet,
  accepted: ReadonlySet<string>,
  tolerated: readonly string[] = [],
): AudienceVerdict {
  const aud = readClaim(claims, "aud");
  if (typeof aud === "string") return judge(aud, accepted);
  if (!Array.isArray(aud)) return { kind: "missing" };
  const texts = aud.filter((entry): entry is string => typeof entry === "string");
  const [only] = texts;
  if (texts.length !== aud.length || only === undefined) return { kind: "missing" };
  const relevant = texts.filter((text) => accepted.has(text) || !tolerated.includes(text));
  const [one, ...others] = relevant;
  if (texts.length === 1 || one === undefined) return judge(only, accepted);
  return others.length === 0 ? judge(one, accepted) : { kind: "several", got: texts };
}

function judge(aud: string, accepted: ReadonlySet<string>): AudienceVerdict {
  if (aud === "") return { kind: "missing" };
  return accepted.has(aud) ? { kind: "accepted" } : { kind: "other", got: aud };
}
