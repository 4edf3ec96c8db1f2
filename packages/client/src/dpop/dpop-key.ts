/** What one proof is about (RFC 9449 §4.2). */
export interface ProofRequest {
  readonly method: string;
  readonly url: string;
  /** The token that goes with the request; none at the token endpoint. */
  readonly accessToken?: string | undefined;
}

/** A key that lives in this process only; a token that is bound to it is useless without it. */
export interface DpopKey {
  /** The `DPoP` header for one request. */
  proof(request: ProofRequest): Promise<string>;
  /** Puts the server's nonce into the proofs to come (RFC 9449 §8). False when these headers bring none. */
  takeNonce(headers: Headers): boolean;
}

/** Longer ones would make a header that servers refuse. */
const MAX_NONCE = 1024;

const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;

/** Makes a P-256 key whose private half cannot be read by anybody, this program included. */
export async function createDpopKey(now: () => number): Promise<DpopKey> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const header = encodeJson({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } });
  let nonce: string | undefined;
  return {
    takeNonce: (headers) => {
      const given = headers.get("dpop-nonce");
      if (given === null || given.length > MAX_NONCE) return false;
      nonce = given;
      return true;
    },
    proof: async ({ method, url, accessToken }) => {
      const { origin, pathname } = new URL(url);
      const claims = {
        htm: method,
        htu: `${origin}${pathname}`,
        iat: Math.floor(now() / 1000),
        jti: crypto.randomUUID(),
        ...(nonce === undefined ? {} : { nonce }),
        ...(accessToken === undefined ? {} : { ath: await digest(accessToken) }),
      };
      const input = `${header}.${encodeJson(claims)}`;
      const signature = await crypto.subtle.sign(SIGNING, pair.privateKey, new TextEncoder().encode(input));
      return `${input}.${encode(new Uint8Array(signature))}`;
    },
  };
}

async function digest(text: string): Promise<string> {
  return encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

function encodeJson(value: unknown): string {
  return encode(new TextEncoder().encode(JSON.stringify(value)));
}

/** RFC 7515 §2. `btoa`, because a browser has no Buffer. */
function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
