import type { KeyObject } from "node:crypto";
import type { Issuer } from "@postern/core/issuer/issuer";
import type { SigningAlgorithm } from "@postern/core/provider/provider-preset";

export type KeyLookup =
  | { readonly kind: "key"; readonly key: KeyObject }
  /** The issuer shows this key, and nobody has confirmed it (`Issuer.confirmedKeys`). It may tell who signed, and grants nothing. */
  | { readonly kind: "held-key"; readonly key: KeyObject }
  /** The issuer's keys are known, and none fits. */
  | { readonly kind: "unknown-key" }
  /** The issuer's keys are not known, and cannot be fetched now. */
  | { readonly kind: "unavailable"; readonly retryAfterSeconds: number };

/** Port: an issuer's public keys. Takes a stored `Issuer`, never a text from a token: no stored issuer, no outbound request. */
export interface IssuerKeys {
  /** A key fit for `alg`: kind, size, `use` and the key's own `alg` agree. Cached; the hot path of an exchange. */
  find(
    issuer: Issuer,
    unverifiedKid: string | undefined,
    alg: SigningAlgorithm,
    /** False: a key that is not known is not asked for. The first look at an issuer always asks. Default true. */
    askForUnknown?: boolean,
  ): Promise<KeyLookup>;
}
