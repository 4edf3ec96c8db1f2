import { sign } from "node:crypto";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { DsseEnvelope } from "@postern/core/provenance/dsse";
import { preAuthEncoding } from "@postern/core/provenance/dsse";
import type { Clock } from "@postern/core/time/clock";
import { makeSigningKey } from "../tokens/make-signing-key.ts";
import type { RandomBytes } from "../tokens/random-bytes.ts";
import { openPrivateKey } from "../tokens/sealed-private-key.ts";
import { rawSignatureOf } from "../tokens/sign-jwt.ts";
import type { PublicJwk, SigningKey } from "../tokens/signing-key.ts";
import type { ProvenanceKeyStore, StoredProvenanceKey } from "./provenance-key-store.ts";

export interface ProvenanceKeysDeps {
  readonly store: ProvenanceKeyStore;
  /** At least 32 bytes; the same at every start. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/**
 * The keys that sign statements about commits, and nothing else: tokens have keys of their own, which are destroyed once their last
 * token has expired, while these stay published for good.
 */
export class ProvenanceKeys {
  readonly #deps: ProvenanceKeysDeps;
  #published: readonly PublicJwk[];
  #signer: SigningKey;

  private constructor(deps: ProvenanceKeysDeps, published: readonly PublicJwk[], signer: SigningKey) {
    this.#deps = deps;
    this.#published = published;
    this.#signer = signer;
  }

  /** Opens the stored keys, or makes the first one. @throws {Error} when the secret does not fit the newest one. */
  static async open(deps: ProvenanceKeysDeps): Promise<ProvenanceKeys> {
    const stored = await deps.store.list();
    const newest = stored[0] ?? (await addKey(deps, systemEvent));
    const published = stored.length === 0 ? [newest.publicJwk] : stored.map(({ publicJwk }) => publicJwk);
    return new ProvenanceKeys(deps, published, signerOf(newest, deps.secret));
  }

  /** All keys that ever signed, newest first (RFC 7517 §5). */
  get published(): readonly PublicJwk[] {
    return this.#published;
  }

  /** Signs from now on with a new key; the old ones stay published. @returns its `kid`. */
  async rotate(audit: (kid: string) => AuditEvent): Promise<string> {
    const key = await addKey(this.#deps, audit);
    this.#published = [key.publicJwk, ...this.#published];
    this.#signer = signerOf(key, this.#deps.secret);
    return key.kid;
  }

  /** An envelope with one ES256 signature (DSSE v1.0; RFC 7518 §3.4 for its form). */
  sign(payloadType: string, payload: Uint8Array): DsseEnvelope {
    const { kid, privateKey } = this.#signer;
    const signature = rawSignatureOf(sign("sha256", preAuthEncoding(payloadType, payload), privateKey));
    return {
      payloadType,
      payload: Buffer.from(payload).toString("base64"),
      signatures: [{ keyid: kid, sig: signature.toString("base64") }],
    };
  }
}

async function addKey(deps: ProvenanceKeysDeps, audit: (kid: string) => AuditEvent): Promise<StoredProvenanceKey> {
  const createdAt = deps.clock.now();
  const made = makeSigningKey({ createdAt, signsFrom: createdAt }, deps.secret, deps.randomBytes);
  const key = { kid: made.kid, publicJwk: made.publicJwk, sealedPrivateKey: made.sealedPrivateKey, createdAt };
  await deps.store.add(key, audit(key.kid));
  return key;
}

function signerOf({ kid, publicJwk, sealedPrivateKey }: StoredProvenanceKey, secret: Uint8Array): SigningKey {
  return { kid, publicJwk, privateKey: openPrivateKey(sealedPrivateKey, kid, secret) };
}

function systemEvent(kid: string): AuditEvent {
  return {
    event: "provenance-key.create",
    outcome: "allowed",
    actor: { kind: "system", name: "postern", tokenId: undefined },
    resource: `provenance-keys/${kid}`,
    requestId: "start",
    sourceAddress: undefined,
    detail: { alg: "ES256" },
  };
}
