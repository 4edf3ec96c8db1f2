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

/** Port: signing keys, the one that was added last first, whatever the clock said then. Every change commits together with its audit entry. */
export interface SigningKeyStore {
  list(): Promise<readonly StoredSigningKey[]>;
  add(key: StoredSigningKey, audit: AuditEvent): Promise<void>;
  /**
   * Adds `next` and retires the newest key when `next` starts, or when that key would have started, if that is later.
   *
   * @param mayFollow - Asked about the newest key within the write; when it says no the answer is `conflict`.
   */
  rotate(
    next: StoredSigningKey,
    audit: AuditEvent,
    mayFollow: (newest: StoredSigningKey) => boolean,
  ): Promise<"added" | "conflict">;
  remove(kid: string, audit: AuditEvent): Promise<void>;
}
