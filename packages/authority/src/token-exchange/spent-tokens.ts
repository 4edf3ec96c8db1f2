import type { Publisher, PublisherTarget } from "@postern/core/publisher/publisher";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { SubjectTokenUse } from "./grant-ledger.ts";

/** Port: which subject tokens were used. Reads only; `GrantLedger` alone spends. */
export interface SpentTokens {
  /** When the token was first used, if that use refuses this one; `undefined` while it may still be exchanged. */
  refusedSince(use: SubjectTokenUse, publisher: Publisher, target: PublisherTarget): Promise<EpochSeconds | undefined>;
}
