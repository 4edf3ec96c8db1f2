import { OAuthError } from "@postern/core/error/oauth-error";
import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { createLocalJWKSet, jwtVerify } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { CachedIssuerKeys } from "../adapters/issuer-http/cached-issuer-keys.ts";
import { AUDIENCE, START } from "./exchange-stage.contract.ts";
import {
  base64url,
  ecKey,
  type IssuerKeyPair,
  publicJwk,
  rsaKey,
  signText,
  startIssuer,
} from "./local-issuer.contract.ts";
import { type VerificationDeps, verifySubjectToken } from "./verify-subject-token.ts";

/** mulberry32: small, seeded, good enough to choose mutations. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SEED = Number(process.env.POSTERN_TEST_SEED ?? Math.floor(Math.random() * 1e9));
const ROUNDS = 600;
let rsa: IssuerKeyPair;
let p256: IssuerKeyPair;
let p384: IssuerKeyPair;

beforeAll(() => {
  rsa = rsaKey("r1");
  p256 = ecKey("e1", "P-256");
  p384 = ecKey("e2", "P-384");
});

describe("verifySubjectToken", () => {
  it(`accepts nothing that jose refuses, and every well-formed token that jose accepts (seed ${SEED})`, async () => {
    const issuer = await startIssuer([rsa, p256, p384]);
    const url = parseIssuerUrl(issuer.url);
    if (url === undefined) throw new Error("no issuer");
    const row = { id: "1", provider: "custom", url, allowOrigins: [issuer.origin], enabled: true } as const;
    const clock = { now: () => START };
    const deps: VerificationDeps = {
      clock,
      issuers: { findByUrl: async (asked) => (asked === url ? row : undefined) },
      keys: new CachedIssuerKeys({ clock }),
      audiences: new Set([AUDIENCE]),
    };
    const keySet = createLocalJWKSet({
      keys: [rsa, p256, p384].map(publicJwk).map((jwk) => ({ ...jwk, kty: String(jwk.kty) })),
    });
    const next = random(SEED);
    const seen = { both: 0, neither: 0, strictOnly: 0 };
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { token, mutation } = makeToken(next, issuer.url);
        const ours = await accepts(() => verifySubjectToken(token, deps));
        const theirs = await accepts(() =>
          jwtVerify(token, keySet, {
            issuer: issuer.url,
            audience: AUDIENCE,
            algorithms: ["RS256", "ES256", "ES384"],
            clockTolerance: 30,
            currentDate: new Date(START * 1000),
            // jose counts the last second in, we count it out.
            maxTokenAge: 3599,
            requiredClaims: ["exp", "iat", "sub"],
          }),
        );
        const where = `seed ${SEED}, round ${round}, ${mutation}: ${token}`;
        if (ours) expect(theirs, where).toBe(true);
        // Stricter than jose on purpose: these may be refused although jose takes them.
        else if (theirs) expect(STRICTER, where).toContain(mutation);
        seen[ours ? "both" : theirs ? "strictOnly" : "neither"] += 1;
      }
    } finally {
      await issuer.close();
    }
    expect(seen.both).toBeGreaterThan(ROUNDS / 20);
    expect(seen.neither).toBeGreaterThan(ROUNDS / 5);
  });
});

async function accepts(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    // Ours refuses with a code, whatever it is given; anything else is a bug.
    if (error instanceof Error && !(error instanceof OAuthError) && !("code" in error)) throw error;
    return false;
  }
}

const STRICTER: readonly string[] = [
  "extra-header",
  "repeated-claim",
  "two-audiences",
  "typ",
  "flip-character",
  "deep",
  // jose does not look at the types of `sub` and `jti`.
  "claim",
];

function makeToken(next: () => number, iss: string): { readonly token: string; readonly mutation: string } {
  const pick = <T>(choices: readonly [T, ...T[]]): T => choices[Math.floor(next() * choices.length)] ?? choices[0];
  const [alg, key] = pick<readonly [string, IssuerKeyPair]>([
    ["RS256", rsa],
    ["ES256", p256],
    ["ES384", p384],
  ]);
  const header: Record<string, unknown> = { alg, kid: key.kid, typ: "JWT" };
  const claims: Record<string, unknown> = {
    iss,
    aud: AUDIENCE,
    sub: "robot",
    iat: START,
    exp: START + 300,
    jti: String(next()),
  };
  const hash = alg === "ES384" ? "sha384" : "sha256";
  const sign = (): string => signText(key, `${base64url(header)}.${base64url(claims)}`, hash);
  const mutation = pick([
    "none",
    "flip-character",
    "drop-character",
    "other-key",
    "other-alg",
    "extra-header",
    "no-kid",
    "claim",
    "time",
    "two-audiences",
    "one-audience",
    "repeated-claim",
    "swap-signature",
    "typ",
    "deep",
    "whitespace",
    "truncate",
  ]);
  switch (mutation) {
    case "flip-character": {
      const text = sign();
      const at = Math.floor(next() * text.length);
      const replacement = pick(["A", "z", "_", "-", ".", "=", "+", "/", " ", "\u00e9"]);
      return { mutation, token: text.slice(0, at) + replacement + text.slice(at + 1) };
    }
    case "drop-character": {
      const text = sign();
      const at = Math.floor(next() * text.length);
      return { mutation, token: text.slice(0, at) + text.slice(at + 1) };
    }
    case "other-key":
      header.kid = pick(["r1", "e1", "e2", "unknown"]);
      break;
    case "other-alg":
      header.alg = pick(["RS256", "ES256", "ES384", "none", "HS256", "PS256", "RS512"]);
      break;
    case "extra-header":
      header[pick(["jku", "x5u", "crit", "b64", "zip", "x", "x5t"])] = pick<unknown>(["x", ["exp"], false]);
      break;
    case "no-kid":
      delete header.kid;
      break;
    case "claim":
      claims[pick(["iss", "aud", "sub", "iat", "exp", "jti"])] = pick<unknown>([
        undefined,
        null,
        "",
        "x",
        -1,
        true,
        [],
        {},
      ]);
      break;
    case "time":
      claims[pick(["iat", "exp", "nbf"])] = START + Math.floor(next() * 9000) - 4500;
      break;
    case "two-audiences":
      claims.aud = [AUDIENCE, "https://other.example"];
      break;
    case "one-audience":
      claims.aud = [AUDIENCE];
      break;
    case "repeated-claim": {
      const payload = `{"sub":"mallory",${JSON.stringify(claims).slice(1)}`;
      return {
        mutation,
        token: signText(key, `${base64url(header)}.${Buffer.from(payload).toString("base64url")}`, hash),
      };
    }
    case "swap-signature": {
      const other = signText(key, `${base64url(header)}.${base64url({ ...claims, sub: "other" })}`, hash);
      return { mutation, token: sign().replace(/[^.]*$/, other.split(".")[2] ?? "") };
    }
    case "typ":
      header.typ = pick<unknown>(["jwt", "at+jwt", 7, "JOSE"]);
      break;
    case "deep":
      claims.deep = [[[[[[[[[1]]]]]]]]];
      break;
    case "whitespace":
      return { mutation, token: pick([" ", "\n", "\t"]) + sign() };
    case "truncate": {
      const text = sign();
      return { mutation, token: text.slice(0, Math.floor(next() * text.length)) };
    }
  }
  return { mutation, token: sign() };
}
