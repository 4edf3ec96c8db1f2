import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Issuer } from "@postern/core/issuer/issuer";
import type { IssuerUrl } from "@postern/core/issuer/issuer-url";

/** Port: the issuers that this deployment knows. Every change commits together with its audit entry. */
export interface IssuerStore {
  /** By the exact text of `iss`. The hot path of an exchange. */
  findByUrl(url: IssuerUrl): Promise<Issuer | undefined>;
  list(): Promise<readonly Issuer[]>;
  find(id: string): Promise<Issuer | undefined>;
  add(issuer: Issuer, audit: AuditEvent): Promise<"added" | "exists">;
  /** Puts new keys in the place of uploaded ones; `missing` also for an issuer whose keys are fetched. */
  replaceKeys(id: string, keySet: string, audit: AuditEvent): Promise<"replaced" | "missing">;
  setEnabled(id: string, enabled: boolean, audit: AuditEvent): Promise<"changed" | "missing">;
  /** @param thumbprints - `undefined`: whatever keys the issuer shows are used. */
  setConfirmedKeys(
    id: string,
    thumbprints: readonly string[] | undefined,
    audit: AuditEvent,
  ): Promise<"changed" | "missing">;
  /** `in-use` while a publisher names it. */
  remove(id: string, audit: AuditEvent): Promise<"removed" | "missing" | "in-use">;
}
