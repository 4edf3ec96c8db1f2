import type { Clock } from "@postern/core/time/clock";
import { tokenKindOf } from "@postern/core/token/token-format";
import { findToken } from "./find-token.ts";
import { isLive, type StoredGrant, type TokenStore } from "./token-store.ts";

export interface FindLiveGrantDeps {
  readonly tokens: Pick<TokenStore, "findGrant" | "findPersonalByDigest">;
  readonly clock: Clock;
}

/** The grant of an exchanged token that has neither expired nor been revoked; `undefined` for every other text. */
export async function findLiveGrant(text: string, deps: FindLiveGrantDeps): Promise<StoredGrant | undefined> {
  if (tokenKindOf(text) === "personal") return undefined;
  const found = await findToken(text, deps.tokens);
  if (found?.kind !== "grant" || !isLive(found.grant, deps.clock.now())) return undefined;
  return found.grant;
}
