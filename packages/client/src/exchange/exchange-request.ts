/** What is traded for what, and where. */
export interface ExchangeRequest {
  /** The id token of the CI provider (RFC 8693 §2.1). */
  readonly subjectToken: string;
  /** `ns/name`, `datasets/ns/name`, `spaces/ns/name`, `kernels/ns/name`, or a user name for a read-only token. */
  readonly resource: string;
  /** Without trailing slashes. */
  readonly endpoint: string;
}
