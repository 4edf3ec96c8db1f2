import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { IssuerUrl } from "@postern/core/issuer/issuer-url";
import type { Publisher, PublisherTarget } from "@postern/core/publisher/publisher";

/** Port: publishers. Every change commits together with its audit entry. */
export interface PublisherStore {
  /** Enabled publishers of one target that trust `issuer`; the hot path of an exchange, so one indexed look-up. */
  matching(target: PublisherTarget, issuer: IssuerUrl): Promise<readonly Publisher[]>;
  list(target: PublisherTarget): Promise<readonly Publisher[]>;
  find(id: string): Promise<Publisher | undefined>;
  /** `exists` when the same target, issuer, claims and access are stored already. */
  add(publisher: Publisher, audit: AuditEvent): Promise<"added" | "exists">;
  /** Publishers that are switched off, whatever their target; at most `limit`. */
  listDisabled(limit: number): Promise<readonly Publisher[]>;
  /** Revokes every token that the publisher has earned so far; it may earn new ones. */
  revokeTokens(id: string, audit: AuditEvent): Promise<"revoked" | "missing">;
  setEnabled(id: string, enabled: boolean, audit: AuditEvent): Promise<"changed" | "missing">;
  /** Also revokes the live tokens that the publisher earned. */
  remove(id: string, audit: AuditEvent): Promise<"removed" | "missing">;
}
