import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { createLocalJWKSet } from "jose";
import { CachedIssuerKeys } from "../adapters/issuer-http/cached-issuer-keys.ts";
import { AUDIENCE, START } from "./exchange-stage.contract.ts";
import { ecKey, type IssuerKeyPair, publicJwk, rsaKey, signText } from "./local-issuer.contract.ts";
import type { VerificationDeps } from "./verify-subject-token.ts";

/** mulberry32: small, seeded, good enough to choose mutations. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Members = Record<string, unknown>;
export type Algorithm = "RS256" | "ES256" | "ES384";

/** One issuer as both verifiers see it: the same key set under the same policy. */
export interface KeyWorld {
  readonly name: string;
  readonly iss: string;
  readonly deps: VerificationDeps;
  readonly joseKeys: ReturnType<typeof createLocalJWKSet>;
}

export interface Keys {
  readonly rsa: IssuerKeyPair;
  readonly p256: IssuerKeyPair;
  readonly p384: IssuerKeyPair;
  readonly small: IssuerKeyPair;
  readonly foreign: IssuerKeyPair;
}

export function makeKeys(): Keys {
  return {
    rsa: rsaKey("r1"),
    p256: ecKey("e1", "P-256"),
    p384: ecKey("e2", "P-384"),
    small: rsaKey("small", 1024),
    foreign: ecKey("e1", "P-256"),
  };
}

function makeWorld(name: string, jwks: readonly Members[]): KeyWorld {
  const iss = `https://${name}.example`;
  const url = parseIssuerUrl(iss);
  if (url === undefined) throw new Error("no issuer");
  const keySet = JSON.stringify({ keys: jwks });
  const row = { id: name, provider: "custom", url, allowOrigins: [], enabled: true, keySet } as const;
  const clock = { now: () => START };
  const deps: VerificationDeps = {
    clock,
    issuers: { findByUrl: async (asked) => (asked === url ? row : undefined) },
    keys: new CachedIssuerKeys({ clock }),
    audiences: new Set([AUDIENCE]),
  };
  return { name, iss, deps, joseKeys: createLocalJWKSet(JSON.parse(keySet)) };
}

/** The issuer that most tokens name. */
export function ordinaryWorld({ rsa, p256, p384 }: Keys): KeyWorld {
  return makeWorld("ordinary", [rsa, p256, p384].map(publicJwk));
}

/** Issuers whose key sets are odd: what may verify is decided by the key as much as by the token. */
export function oddWorlds({ rsa, p256, p384, small, foreign }: Keys): readonly KeyWorld[] {
  const jwk = publicJwk(p256);
  const { kid: _kid, ...nameless } = jwk;
  const lists: Readonly<Record<string, readonly Members[]>> = {
    nameless: [nameless],
    "two-nameless": [nameless, { ...publicJwk(foreign), kid: undefined }],
    "nameless-beside-named": [nameless, { ...publicJwk(foreign), kid: "other" }],
    "same-kid": [jwk, publicJwk(foreign)],
    "same-kid-other-kind": [jwk, { ...publicJwk(rsa), kid: "e1" }],
    "small-rsa": [publicJwk(small), jwk],
    "exponent-one": [{ ...publicJwk(rsa), e: "AQ" }, jwk],
    encryption: [{ ...jwk, use: "enc" }],
    "signing-only": [{ ...jwk, key_ops: ["sign"] }],
    "repeated-operations": [{ ...jwk, key_ops: ["verify", "verify"] }],
    "odd-operations": [{ ...jwk, key_ops: ["verify", 1] }],
    "text-operations": [{ ...jwk, key_ops: "verify" }],
    "other-algorithm": [
      { ...jwk, alg: "ES384" },
      { ...publicJwk(rsa), alg: "PS256" },
    ],
    "private-half": [{ ...jwk, ...p256.privateKey.export({ format: "jwk" }), kid: "e1" }],
    symmetric: [{ kty: "oct", kid: "e1", k: "c2VjcmV0" }],
    "wrong-curve": [{ ...jwk, crv: "P-384" }],
    "off-curve": [{ ...jwk, y: jwk.x }],
    "named-for-one": [
      { ...jwk, alg: "ES256" },
      { ...publicJwk(p384), alg: "ES384" },
    ],
    empty: [],
  };
  return Object.entries(lists).map(([name, jwks]) => makeWorld(name, jwks));
}

/** Makes one valid token, or one that differs from it as a mutation asks. */
export class TokenForge {
  readonly world: KeyWorld;
  readonly keys: Keys;
  readonly next: () => number;
  readonly #rsaTokens: string[] = [];

  constructor(world: KeyWorld, keys: Keys, next: () => number) {
    this.world = world;
    this.keys = keys;
    this.next = next;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next() * choices.length)] ?? choices[0];
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  keyOf(alg: Algorithm): IssuerKeyPair {
    return alg === "RS256" ? this.keys.rsa : alg === "ES384" ? this.keys.p384 : this.keys.p256;
  }

  header(alg: Algorithm = "ES256"): Members {
    return { alg, kid: this.keyOf(alg).kid, typ: "JWT" };
  }

  claims(): Members {
    const jti = String(this.next());
    return { iss: this.world.iss, aud: AUDIENCE, sub: "robot", iat: START, exp: START + 300, jti };
  }

  /** Signs texts as they are: what they hold need not be JSON. */
  signTexts(header: string | Uint8Array, claims: string | Uint8Array, key = this.keys.p256, hash = "sha256"): string {
    return this.signSegments(
      Buffer.from(header).toString("base64url"),
      Buffer.from(claims).toString("base64url"),
      key,
      hash,
    );
  }

  signSegments(header: string, claims: string, key = this.keys.p256, hash = "sha256"): string {
    return signText(key, `${header}.${claims}`, hash);
  }

  sign(header: Members, claims: Members, key = this.keys.p256, hash = "sha256"): string {
    return this.signTexts(JSON.stringify(header), JSON.stringify(claims), key, hash);
  }

  /** A valid token. RSA signatures are dear, so a few of them serve many mutations. */
  valid(alg: Algorithm = this.pick(["ES256", "ES256", "ES256", "RS256", "RS256", "ES384"])): string {
    if (alg === "RS256" && this.#rsaTokens.length >= 20) return this.#rsaTokens[this.below(20)] ?? "";
    const token = this.sign(this.header(alg), this.claims(), this.keyOf(alg), alg === "ES384" ? "sha384" : "sha256");
    if (alg === "RS256") this.#rsaTokens.push(token);
    return token;
  }
}

/** By name: how to make one kind of token. */
export type MutationFamilies = Readonly<Record<string, (forge: TokenForge) => string>>;
