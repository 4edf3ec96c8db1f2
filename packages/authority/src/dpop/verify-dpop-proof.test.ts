import { createHash, generateKeyPairSync, randomInt } from "node:crypto";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { calculateJwkThumbprint, EmbeddedJWK, exportJWK, jwtVerify, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { ProofReplay, type ProofUse } from "./proof-replay.ts";
import { DPOP_WINDOW_SECONDS, verifyDpopProof } from "./verify-dpop-proof.ts";

const NOW = epochSeconds(1_795_000_000);
const URL_ = "https://hub.example/api/models/acme/m";
const TOKEN = "hf_jwt_a.b.c";
const ATH = createHash("sha256").update(TOKEN).digest("base64url");
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = await exportJWK(publicKey);

type Changes = { readonly header?: Record<string, unknown>; readonly claims?: Record<string, unknown> };

function proof({ header = {}, claims = {} }: Changes = {}): Promise<string> {
  return new SignJWT({ htm: "GET", htu: URL_, iat: NOW, jti: "one", ath: ATH, ...claims })
    .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk, ...header })
    .sign(privateKey);
}

function judge(text: string): ReturnType<typeof verifyDpopProof> {
  return verifyDpopProof(text, { method: "GET", urls: [URL_], now: NOW, accessToken: TOKEN });
}

describe("verifyDpopProof", () => {
  it("accepts a proof and names the key as RFC 7638 does", async () => {
    expect(judge(await proof())).toEqual({
      kind: "valid",
      thumbprint: await calculateJwkThumbprint(jwk),
      jti: "one",
      issuedAt: NOW,
    });
  });

  it("ignores query and fragment of htu, and takes the clocks' difference up to the window", async () => {
    for (const claims of [
      { htu: `${URL_}?a=1#b` },
      { iat: NOW - DPOP_WINDOW_SECONDS },
      { iat: NOW + DPOP_WINDOW_SECONDS },
    ])
      expect(judge(await proof({ claims })).kind).toBe("valid");
  });

  it.each<[string, Changes]>([
    ["another method", { claims: { htm: "POST" } }],
    ["another host", { claims: { htu: "https://evil.example/api/models/acme/m" } }],
    ["another path", { claims: { htu: `${URL_}2` } }],
    ["an address that is none", { claims: { htu: 7 } }],
    ["an old proof", { claims: { iat: NOW - DPOP_WINDOW_SECONDS - 1 } }],
    ["a proof from the future", { claims: { iat: NOW + DPOP_WINDOW_SECONDS + 1 } }],
    ["a time as text", { claims: { iat: String(NOW) } }],
    ["no jti", { claims: { jti: undefined } }],
    ["an empty jti", { claims: { jti: "" } }],
    ["a jti without end", { claims: { jti: "j".repeat(129) } }],
    ["no ath", { claims: { ath: undefined } }],
    ["ath of another token", { claims: { ath: "x" } }],
    ["another type", { header: { typ: "JWT" } }],
    ["a key with its private half", { header: { jwk: { ...jwk, d: "AAAA" } } }],
    ["no key", { header: { jwk: undefined } }],
    ["a key of another kind", { header: { jwk: { kty: "oct", k: "AAAA" } } }],
    ["another key than the one that signed", { header: { jwk: { ...jwk, x: jwk.y, y: jwk.x } } }],
  ])("refuses %s", async (_what, changes) => {
    expect(judge(await proof(changes)).kind).toBe("invalid");
  });

  it("never accepts a mutated proof that jose refuses", async () => {
    const seed = Number(process.env.POSTERN_TEST_SEED ?? randomInt(2 ** 31));
    console.info(`seed ${seed}: set POSTERN_TEST_SEED to repeat`);
    let state = seed;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const good = await proof();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    let accepted = 0;
    for (let round = 0; round < 2000; round += 1) {
      const at = next(good.length);
      const character = alphabet[next(alphabet.length)] ?? "A";
      const changed = `${good.slice(0, at)}${character}${good.slice(at + next(2))}`;
      if (judge(changed).kind === "invalid") continue;
      accepted += 1;
      await expect(
        jwtVerify(changed, EmbeddedJWK, {
          typ: "dpop+jwt",
          algorithms: ["ES256"],
          currentDate: new Date(NOW * 1000),
        }),
        `seed ${seed}, ${changed}`,
      ).resolves.toBeDefined();
    }
    expect(accepted).toBeLessThan(200);
  });
});

describe("ProofReplay", () => {
  it("takes a proof once, also at the last second of its life", () => {
    const { clock, use } = memory();
    expect(use("one")).toBe("new");
    expect(use("one")).toBe("used");
    expect(use("one", NOW, "other key")).toBe("new");
    const latest = NOW + DPOP_WINDOW_SECONDS;
    expect(use("from a clock ahead", latest)).toBe("new");
    clock.time = epochSeconds(latest + DPOP_WINDOW_SECONDS);
    expect(use("from a clock ahead", latest)).toBe("used");
  });

  it("refuses when it is full, and goes on when the oldest are over", () => {
    const { clock, use } = memory(2);
    expect(["1", "2", "3"].map((jti) => use(jti))).toEqual(["new", "new", "full"]);
    expect(use("1")).toBe("used");
    clock.time = epochSeconds(NOW + 3 * DPOP_WINDOW_SECONDS);
    expect(use("3", clock.time)).toBe("new");
  });

  it("takes no proof again that it forgot before the clock was set back", () => {
    const { clock, use } = memory();
    use("one");
    clock.time = epochSeconds(NOW + 86_400);
    use("a day later", clock.time);
    clock.time = NOW;
    expect(use("one")).toBe("forgotten");
    const afterwards = epochSeconds(NOW + DPOP_WINDOW_SECONDS);
    clock.time = afterwards;
    expect(use("honest", afterwards)).toBe("new");
  });

  it("still knows proofs that were new when the clock was set back, and when it comes to their time again", () => {
    const { clock, use } = memory();
    const ahead = epochSeconds(NOW + 3600);
    clock.time = ahead;
    use("one", ahead);
    clock.time = NOW;
    expect(use("two")).toBe("new");
    clock.time = ahead;
    expect(use("one", ahead)).toBe("used");
  });

  it("is not kept full by proofs of a clock that was set back", () => {
    const { clock, use } = memory(3);
    clock.time = epochSeconds(NOW + 3600);
    use("of the future", clock.time);
    clock.time = NOW;
    expect(["1", "2", "3"].map((jti) => use(jti))).toEqual(["new", "new", "full"]);
    clock.time = epochSeconds(NOW + 3 * DPOP_WINDOW_SECONDS);
    expect(use("3", clock.time)).toBe("new");
  });
});

/** `iat` is `NOW` unless it is given. */
function memory(max?: number): {
  readonly clock: { time: EpochSeconds };
  readonly use: (jti: string, issuedAt?: number, thumbprint?: string) => ProofUse;
} {
  const clock = { time: NOW, now: () => clock.time };
  const replay = new ProofReplay(clock, max);
  return { clock, use: (jti, issuedAt = NOW, thumbprint = "key") => replay.claim({ thumbprint, jti, issuedAt }) };
}
