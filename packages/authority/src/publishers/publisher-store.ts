import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { IssuerUrl } from "@postern/core/issuer/issuer-url";
import type { Publisher, PublisherTarget } from "@postern/core/publisher/publisher";

/** `changed`: something else waits by now. `exists`: another publisher has the new claims. */
export type SettleOutcome = "settled" | "changed" | "exists" | "missing";

/** Port: publishers. Every change commits together with its audit entry. */
export interface PublisherStore {
  /** Enabled publishers of one target that trust `issuer`; the hot path of an exchange, so one indexed look-up. */
  matching(target: PublisherTarget, issuer: IssuerUrl): Promise<readonly Publisher[]>;
  list(target: PublisherTarget): Promise<readonly Publisher[]>;
  find(id: string): Promise<Publisher | undefined>;
  /** `exists` when the same target, issuer, claims, access and audience are stored already. */
  add(publisher: Publisher, audit: AuditEvent): Promise<"added" | "exists">;
  /** Publishers that are switched off, whatever their target; at most `limit`. */
  listDisabled(limit: number): Promise<readonly Publisher[]>;
  /** Revokes every token that the publisher has earned so far; it may earn new ones. */
  revokeTokens(id: string, audit: AuditEvent): Promise<"revoked" | "missing">;
  setEnabled(id: string, enabled: boolean, audit: AuditEvent): Promise<"changed" | "missing">;
  /** Ends what waits to be confirmed: `after` is `before` with the claims that it has from now on, and nothing that waits. */
  settleChange(before: Publisher, after: Publisher, audit: AuditEvent): Promise<SettleOutcome>;
  /** Also revokes the live tokens that the publisher earned. */
  remove(id: string, audit: AuditEvent): Promise<"removed" | "missing">;
}
