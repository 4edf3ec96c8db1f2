import type { Publisher, PublisherTarget } from "@postern/core/publisher/publisher";
import type { IssueOutcome, SubjectTokenUse } from "./grant-ledger.ts";

/** Port: which subject tokens were used. Reads only; `GrantLedger` alone spends. */
export interface SpentTokens {
  /** Why an earlier use refuses this one, as `GrantLedger` would say it; `undefined` while it may still be exchanged. */
  whySpent(
    use: SubjectTokenUse,
    publisher: Publisher,
    target: PublisherTarget,
  ): Promise<Extract<IssueOutcome, { readonly kind: "replayed" | "maybe-replayed" }> | undefined>;
}
