/** What can be wrong with a token. */
export type TokenFault =
  | { readonly kind: "wrong-audience" }
  | { readonly kind: "expired" }
  | { readonly kind: "not-yet-valid" }
  | { readonly kind: "unknown-key" }
  | { readonly kind: "bad-signature" }
  | { readonly kind: "missing-claim"; readonly claim: string }
  | { readonly kind: "alg-none" }
  | { readonly kind: "hs256-confusion" }
  | { readonly kind: "jku-header" };

/** What can be wrong with an issuer's endpoints. */
export type EndpointFault =
  | { readonly kind: "slow-jwks"; readonly delayMs: number }
  | { readonly kind: "jwks-500" }
  | { readonly kind: "jwks-not-json" }
  | { readonly kind: "jwks-endless" }
  | { readonly kind: "slow-discovery"; readonly delayMs: number }
  | { readonly kind: "discovery-500" }
  | { readonly kind: "wrong-discovery-issuer" }
  | { readonly kind: "rotated-key" }
  | { readonly kind: "slow-mint"; readonly delayMs: number }
  | { readonly kind: "mint-500" };

export type Fault = TokenFault | EndpointFault;

/** Whether the fault is in the token itself, and so may be asked for one token at a time. */
export function isTokenFault(fault: Fault): fault is TokenFault {
  switch (fault.kind) {
    case "wrong-audience":
    case "expired":
    case "not-yet-valid":
    case "unknown-key":
    case "bad-signature":
    case "missing-claim":
    case "alg-none":
    case "hs256-confusion":
    case "jku-header":
      return true;
    default:
      return false;
  }
}
