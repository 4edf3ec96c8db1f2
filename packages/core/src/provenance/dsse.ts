/** A signed envelope (DSSE v1.0, https://github.com/secure-systems-lab/dsse). `payload` and `sig` are base64. */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly DsseSignature[];
}

export interface DsseSignature {
  /** Which key; a hint, not part of what is signed. Ours is the key's RFC 7638 thumbprint. */
  readonly keyid: string;
  readonly sig: string;
}

const encoder = new TextEncoder();

/** The octets that are signed: type and payload with their lengths, so that one cannot pass for the other (DSSE "PAE"). */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = encoder.encode(payloadType);
  const head = encoder.encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const octets = new Uint8Array(head.length + payload.length);
  octets.set(head);
  octets.set(payload, head.length);
  return octets;
}

/** Reads an envelope strictly. @returns `undefined` when anything is missing or of another type. */
export function parseEnvelope(json: unknown): DsseEnvelope | undefined {
  const payloadType = memberOf(json, "payloadType");
  const payload = memberOf(json, "payload");
  const signatures = memberOf(json, "signatures");
  if (typeof payloadType !== "string" || typeof payload !== "string" || !Array.isArray(signatures)) return undefined;
  const parsed: DsseSignature[] = [];
  for (const one of signatures) {
    const keyid = memberOf(one, "keyid");
    const sig = memberOf(one, "sig");
    if (typeof keyid !== "string" || typeof sig !== "string") return undefined;
    parsed.push({ keyid, sig });
  }
  return { payloadType, payload, signatures: parsed };
}

function memberOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? Object.getOwnPropertyDescriptor(json, name)?.value : undefined;
}
