import { showClaimValue } from "@postern/core/match/explain-check";
import type { Publisher } from "@postern/core/publisher/publisher";

/** Claims as an audit entry lists them: `["repository=acme/train"]`. */
export function listClaims(claims: Publisher["claims"]): readonly string[] {
  return Object.entries(claims).map(([name, value]) => `${name}=${showClaimValue(value)}`);
}

/** What those claims of a publisher say now that a change would replace. */
export function claimsBefore({ claims }: Publisher, { to }: { readonly to: Publisher["claims"] }): Publisher["claims"] {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => Object.hasOwn(to, name)));
}
