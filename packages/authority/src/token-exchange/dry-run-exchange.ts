import { OAuthError } from "@postern/core/error/oauth-error";
import type { ClaimCheck } from "@postern/core/match/claim-check";
import type { IdentityChange, Publisher } from "@postern/core/publisher/publisher";
import { ExchangeRefusal } from "./exchange-refusal.ts";
import { lifeOf, spentRefusal, useOf } from "./exchange-subject-token.ts";
import { type JudgeDeps, judgeExchange } from "./judge-exchange.ts";
import type { SpentTokens } from "./spent-tokens.ts";
import type { TokenExchangeRequest } from "./token-exchange-request.ts";

export interface DryRunDeps extends JudgeDeps {
  readonly spent: SpentTokens;
}

/** What an exchange would answer right now. */
export type DryRunOutcome =
  | {
      readonly kind: "granted";
      readonly publisher: Publisher;
      readonly checks: readonly ClaimCheck[];
      readonly expiresInSeconds: number;
      /** The new name that the publisher would take. */
      readonly rename?: IdentityChange;
    }
  | { readonly kind: "refused"; readonly refusal: OAuthError; readonly checks: readonly ClaimCheck[] };

/**
 * Runs an exchange up to the moment at which it would spend the token and make a grant. It writes nothing, so a token that passes may
 * still be exchanged afterwards, and it tells a caller what the exchange itself would tell it.
 *
 * @throws {OAuthError} `temporarily_unavailable`, `slow_down`: what says nothing about the token.
 */
export async function dryRunExchange(
  request: TokenExchangeRequest,
  sourceAddress: string | undefined,
  deps: DryRunDeps,
): Promise<DryRunOutcome> {
  try {
    const { subject, target, decision } = await judgeExchange(request, sourceAddress, deps);
    const { publisher, checks, rename } = decision;
    const spent = await deps.spent.whySpent(useOf(subject), publisher, target);
    if (spent !== undefined) throw spentRefusal(subject, decision, spent);
    return {
      kind: "granted",
      publisher,
      checks,
      expiresInSeconds: lifeOf(publisher),
      ...(rename === undefined ? {} : { rename }),
    };
  } catch (cause) {
    if (!(cause instanceof OAuthError) || cause.code !== "invalid_grant") throw cause;
    if (cause.exchangeCode === "TP1301") deps.limits.noteUnknownKey(sourceAddress);
    const checks = cause instanceof ExchangeRefusal ? (cause.evidence?.checks ?? []) : [];
    return { kind: "refused", refusal: cause, checks };
  }
}
