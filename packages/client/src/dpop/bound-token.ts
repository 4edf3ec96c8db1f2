import type { DpopKey } from "./dpop-key.ts";

/** A token, the key that it is bound to, and the only server that either is meant for. */
export interface BoundToken {
  readonly accessToken: string;
  readonly endpoint: string;
  readonly key: DpopKey;
}
