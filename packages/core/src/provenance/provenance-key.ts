/** A public key that signs provenance, as RFC 7517 writes it. */
export interface ProvenanceKey {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
}

/** The P-256 keys of a JWK Set (RFC 7517 §5) or of a bare list; everything else in it is left out. */
export function parseProvenanceKeys(json: unknown): readonly ProvenanceKey[] {
  const list = Array.isArray(json) ? json : memberOf(json, "keys");
  if (!Array.isArray(list)) return [];
  const keys: ProvenanceKey[] = [];
  for (const one of list) {
    const [kid, x, y] = ["kid", "x", "y"].map((name) => memberOf(one, name));
    if (memberOf(one, "kty") !== "EC" || memberOf(one, "crv") !== "P-256") continue;
    if (typeof kid !== "string" || typeof x !== "string" || typeof y !== "string") continue;
    keys.push({ kty: "EC", crv: "P-256", x, y, kid });
  }
  return keys;
}

function memberOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? Object.getOwnPropertyDescriptor(json, name)?.value : undefined;
}
