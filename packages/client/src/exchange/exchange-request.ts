import type { DpopKey } from "../dpop/dpop-key.ts";

/** What is traded for what, and where. */
export interface ExchangeRequest {
  /** The id token of the CI provider (RFC 8693 §2.1). */
  readonly subjectToken: string;
  /** `ns/name`, `datasets/ns/name`, `spaces/ns/name`, `kernels/ns/name`, or a user name for a read-only token. */
  readonly resource: string;
  /** Without trailing slashes. */
  readonly endpoint: string;
  /** Binds the token to this key, where the server can (RFC 9449 §5). */
  readonly key?: DpopKey | undefined;
}
