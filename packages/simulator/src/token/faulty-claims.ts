import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import { applyOverrides } from "../claim/apply-overrides.ts";
import type { ClaimOverrides, ClaimSet } from "../claim/claim-value.ts";
import type { TokenFault } from "../fault/fault.ts";

const HOUR = 3600;
const FOREIGN_AUDIENCE = "https://other.example";

/** The claims with each fault's damage done. A fault wins over an override, because it was asked for on purpose. */
export function faultyClaims(claims: ClaimSet, faults: readonly TokenFault[], now: EpochSeconds): ClaimSet {
  return faults.reduce((damaged, fault) => applyOverrides(damaged, damage(fault, now)), claims);
}

function damage(fault: TokenFault, now: EpochSeconds): ClaimOverrides {
  switch (fault.kind) {
    case "wrong-audience":
      return { aud: FOREIGN_AUDIENCE };
    case "expired":
      return { iat: now - HOUR - 300, nbf: now - HOUR - 600, exp: now - HOUR };
    case "not-yet-valid":
      // `iat` stays honest, so that `nbf` alone is the reason for the refusal.
      return { nbf: now + HOUR, exp: now + HOUR + 300 };
    case "missing-claim":
      return { [fault.claim]: undefined };
    case "unknown-key":
    case "bad-signature":
    case "alg-none":
    case "hs256-confusion":
    case "jku-header":
      return {};
  }
}
