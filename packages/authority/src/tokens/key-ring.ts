import { createHash, generateKeyPairSync } from "node:crypto";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Clock } from "@postern/core/time/clock";
import type { RandomBytes } from "./random-bytes.ts";
import { openPrivateKey, sealPrivateKey } from "./sealed-private-key.ts";
import type { PublicJwk, SigningKey } from "./signing-key.ts";
import type { SigningKeyStore, StoredSigningKey } from "./signing-key-store.ts";

/** The keys of this deployment, opened and ready. */
export interface KeyRing {
  /** The key that signs. */
  readonly current: SigningKey;
  /** Every key that a living token may carry (RFC 7517 §5). */
  readonly jwks: { readonly keys: readonly PublicJwk[] };
}

export interface KeyRingDeps {
  readonly store: SigningKeyStore;
  /** At least 32 bytes; the same at every start. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** Opens the stored keys, or makes the first one. @throws {Error} when the secret does not fit the stored keys. */
export async function openKeyRing(deps: KeyRingDeps): Promise<KeyRing> {
  if (deps.secret.length < 32) throw new RangeError("the secret must have at least 32 bytes");
  const stored = await deps.store.list();
  const signing = stored.find(({ retiredAt }) => retiredAt === undefined) ?? (await addKey(deps));
  const { kid, publicJwk } = signing;
  const published = stored.some((key) => key.kid === kid) ? stored : [signing, ...stored];
  return {
    current: { kid, publicJwk, privateKey: openPrivateKey(signing.sealedPrivateKey, kid, deps.secret) },
    jwks: { keys: published.map((key) => key.publicJwk) },
  };
}

async function addKey({ store, secret, clock, randomBytes }: KeyRingDeps): Promise<StoredSigningKey> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  if (x === undefined || y === undefined) throw new Error("a P-256 key without coordinates");
  const kid = thumbprint(x, y);
  const key: StoredSigningKey = {
    kid,
    publicJwk: { kty: "EC", crv: "P-256", x, y, kid, alg: "ES256", use: "sig" },
    sealedPrivateKey: sealPrivateKey(privateKey, kid, secret, randomBytes),
    createdAt: clock.now(),
    retiredAt: undefined,
  };
  await store.add(key, keyCreated(kid));
  return key;
}

/** RFC 7638 §3: required members only, keys sorted, no blanks. */
function thumbprint(x: string, y: string): string {
  return createHash("sha256").update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest("base64url");
}

function keyCreated(kid: string): AuditEvent {
  return {
    event: "signing-key.create",
    outcome: "allowed",
    actor: { kind: "system", name: "postern", tokenId: undefined },
    resource: `signing-keys/${kid}`,
    requestId: "start",
    sourceAddress: undefined,
    detail: { alg: "ES256" },
  };
}
