import { confusedAlgorithm, ecdsaSignature, rsaSignature } from "./forged-signatures.contract.ts";
import { HOSTILE_CLAIMS } from "./hostile-claims.contract.ts";
import { HOSTILE_HEADERS } from "./hostile-headers.contract.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.contract.ts";
import type { Algorithm, MutationFamilies, TokenForge } from "./token-forge.contract.ts";

/** One kind of hostile token each; every one starts from a valid token and changes one thing. */
export const FAMILIES: MutationFamilies = {
  valid: (forge) => forge.valid(),
  "algorithm confusion": confusedAlgorithm,
  "ECDSA signature": ecdsaSignature,
  "RSA signature": rsaSignature,
  "foreign key": (forge) => {
    const header = forge.header();
    return forge.sign({ ...header, kid: forge.pick(["e1", undefined, "other"]) }, forge.claims(), forge.keys.foreign);
  },
  ...HOSTILE_HEADERS,
  ...HOSTILE_CLAIMS,
  ...HOSTILE_TEXTS,
};

/** A token for an issuer with an odd key set; the token itself is in order. */
export function tokenForOddKeys(forge: TokenForge): string {
  const kid = forge.pick(["e1", "e1", undefined, "other", "small", "r1"]);
  const alg = forge.pick<Algorithm>(["ES256", "ES256", "ES256", "RS256", "ES384"]);
  const key =
    alg === "RS256" && forge.world.name === "small-rsa"
      ? forge.keys.small
      : alg === "ES256" && forge.next() < 0.2
        ? forge.keys.foreign
        : forge.keyOf(alg);
  return forge.sign({ alg, kid, typ: "JWT" }, forge.claims(), key, alg === "ES384" ? "sha384" : "sha256");
}
