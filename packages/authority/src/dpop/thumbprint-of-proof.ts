import type { Clock } from "@postern/core/time/clock";
import { exchangeRefusal } from "../token-exchange/exchange-refusal.ts";
import { verifyDpopProof } from "./verify-dpop-proof.ts";

/**
 * The key that a token request proves (RFC 9449 §5). That the proof is new needs no check here: the subject token is spent with it.
 *
 * @throws {OAuthError} `invalid_dpop_proof` TP1011.
 */
export function thumbprintOfProof(
  unverifiedProof: string,
  { audiences, clock }: { readonly audiences: ReadonlySet<string>; readonly clock: Clock },
): string {
  const verdict = verifyDpopProof(unverifiedProof, {
    method: "POST",
    urls: [...audiences].map((origin) => `${origin}/oauth/token`),
    now: clock.now(),
  });
  if (verdict.kind === "valid") return verdict.thumbprint;
  throw exchangeRefusal("TP1011", { sentence: `Found: ${verdict.reason}.` });
}
