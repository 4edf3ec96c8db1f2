import type { ProviderId } from "../provider/provider-id.ts";
import type { IssuerUrl } from "./issuer-url.ts";

/** An OIDC issuer that this deployment accepts subject tokens from. No stored issuer, no outbound request. */
export interface Issuer {
  readonly id: string;
  readonly provider: ProviderId;
  /** The exact text of `iss`, byte for byte (OpenID Connect Core 1.0 §3.1.3.7 item 2). */
  readonly url: IssuerUrl;
  /** Origins that may be reached although they are loopback, private or plain http. Set by an administrator, one by one. */
  readonly allowOrigins: readonly string[];
  readonly enabled: boolean;
  /** Uploaded keys: JSON of a public JWK set (RFC 7517 §5). Present: the issuer is never asked for anything. */
  readonly keySet?: string;
  /** RFC 7638 thumbprints. Present: other keys that the issuer shows are held until an administrator confirms them. */
  readonly confirmedKeys?: readonly string[];
}
