import type { Issuer } from "@postern/core/issuer/issuer";

export type ProbeOutcome =
  /** With the RFC 7638 thumbprints of all its keys. */
  | { readonly kind: "usable"; readonly thumbprints: readonly string[] }
  /** `reason` is safe for an administrator: it names origins and statuses, never a body. */
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "mismatch"; readonly got: string | undefined }
  | { readonly kind: "unusable"; readonly reason: string };

/** Port: reads an issuer's discovery document and keys once, before the issuer is stored. */
export interface IssuerProbe {
  probe(issuer: Issuer): Promise<ProbeOutcome>;
}
