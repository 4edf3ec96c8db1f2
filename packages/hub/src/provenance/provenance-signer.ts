import type { DsseEnvelope } from "@postern/core/provenance/dsse";
import type { ProvenanceKey } from "@postern/core/provenance/provenance-key";

/** Port: signs statements about commits. The authority implements it; its keys stay published in `/oauth/jwks` for good. */
export interface ProvenanceSigner {
  sign(payloadType: string, payload: Uint8Array): DsseEnvelope;
  /** Every key that ever signed, newest first. */
  readonly published: readonly ProvenanceKey[];
}
