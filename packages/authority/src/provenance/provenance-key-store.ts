import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { PublicJwk } from "../tokens/signing-key.ts";

/** A provenance key at rest. */
export interface StoredProvenanceKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  /** AES-256-GCM, see `sealPrivateKey`. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: EpochSeconds;
}

/** Port: the keys that sign provenance. None is ever removed: a statement must be checkable as long as its commit exists. */
export interface ProvenanceKeyStore {
  /** Newest first. */
  list(): Promise<readonly StoredProvenanceKey[]>;
  add(key: StoredProvenanceKey, audit: AuditEvent): Promise<void>;
}
