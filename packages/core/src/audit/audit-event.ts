/**
 * One thing that happened, before it has a place in the chain.
 *
 * Strings only carry ids, names and digests: never a token, a body or a mail address.
 */
export interface AuditEvent {
  /** `scope.action`, for example `token.exchange`, `repo.create`, `publisher.add`. */
  readonly event: string;
  readonly outcome: "allowed" | "denied";
  readonly actor: AuditActor;
  /** What it was done to: `models/acme/train`, `users/ada`, `issuers/3`. */
  readonly resource: string;
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
  /** Flat, JSON-safe facts: publisher id, `jti` of a minted token, commit id, stable error code. */
  readonly detail: Readonly<Record<string, AuditValue>>;
}

export type AuditValue = string | number | boolean | null | readonly string[];

export interface AuditActor {
  readonly kind: "anonymous" | "user" | "workload" | "system";
  /** The user's name, or `issuer` + space + `subject` of a job. */
  readonly name: string;
  /** The id of the token that was used, never the token. */
  readonly tokenId: string | undefined;
}
