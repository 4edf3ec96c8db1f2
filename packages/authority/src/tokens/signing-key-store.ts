import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { PublicJwk } from "./signing-key.ts";

/** A signing key at rest. */
export interface StoredSigningKey {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  /** AES-256-GCM, see `sealPrivateKey`. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: EpochSeconds;
  /** Published before, so that verifiers know it when it starts. */
  readonly signsFrom: EpochSeconds;
  /** From then on it signs no more, but stays published while tokens that it signed may live. */
  readonly retiredAt: EpochSeconds | undefined;
}

/** Port: signing keys, newest first. Every change commits together with its audit entry. */
export interface SigningKeyStore {
  list(): Promise<readonly StoredSigningKey[]>;
  add(key: StoredSigningKey, audit: AuditEvent): Promise<void>;
  /** Adds `next` and retires `previous` when `next` starts; `conflict` when `previous` has an end already. */
  rotate(next: StoredSigningKey, previousKid: string, audit: AuditEvent): Promise<"added" | "conflict">;
  remove(kid: string, audit: AuditEvent): Promise<void>;
}
