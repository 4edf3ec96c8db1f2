import { OAuthError } from "@postern/core/error/oauth-error";
import { jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { AUDIENCE, START } from "./exchange-stage.contract.ts";
import { FAMILIES, tokenForOddKeys } from "./hostile-tokens.contract.ts";
import { STRICTER_THAN_JOSE } from "./stricter-than-jose.contract.ts";
import { type KeyWorld, makeKeys, oddWorlds, ordinaryWorld, random, TokenForge } from "./token-forge.contract.ts";
import { verifySubjectToken } from "./verify-subject-token.ts";

const SEED = Number(process.env.POSTERN_TEST_SEED ?? Math.floor(Math.random() * 1e9));
const ROUNDS = 22_000;
/** Every so manieth token goes to an issuer whose key set is odd. */
const ODD_EVERY = 8;

describe("verifySubjectToken", () => {
  it(`accepts nothing that jose refuses, and every well-formed token that jose accepts (seed ${SEED})`, async () => {
    const next = random(SEED);
    const keys = makeKeys();
    const ordinary = new TokenForge(ordinaryWorld(keys), keys, next);
    const odd = oddWorlds(keys).map((world) => new TokenForge(world, keys, next));
    const families = Object.entries(FAMILIES);
    const seen = { both: 0, neither: 0, oursOnly: 0, joseOnly: 0 };
    const differences = new Map<string, number>();
    const unlisted: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const oddForge = round % ODD_EVERY === 0 ? odd[(round / ODD_EVERY) % odd.length] : undefined;
      const forge = oddForge ?? ordinary;
      const [family, make] = families[round % families.length] ?? ["", () => ""];
      const token = oddForge === undefined ? make(forge) : tokenForOddKeys(forge);
      const [ours, theirs] = [await ourVerdict(token, forge.world), await joseVerdict(token, forge.world)];
      const name = oddForge === undefined ? family : `keys: ${forge.world.name}`;
      const where = `seed ${SEED}, round ${round}, ${name}: ${token.slice(0, 2000)}`;
      if (ours === "accepted" && theirs !== "accepted") unlisted.push(`accepted, jose says ${theirs}; ${where}`);
      if (ours !== "accepted" && theirs === "accepted") {
        const reason = `${name} ${ours}`;
        differences.set(reason, (differences.get(reason) ?? 0) + 1);
        if (!STRICTER_THAN_JOSE.has(reason)) unlisted.push(`refused ${ours}, jose accepts; ${where}`);
      }
      if (ours === "accepted") seen[theirs === "accepted" ? "both" : "oursOnly"] += 1;
      else seen[theirs === "accepted" ? "joseOnly" : "neither"] += 1;
    }
    console.info(`POSTERN_TEST_SEED=${SEED}`, ROUNDS, "tokens", seen, Object.fromEntries([...differences].sort()));
    expect(unlisted.slice(0, 10)).toEqual([]);
    // An entry that no token reaches any more would hide the next difference of that name.
    expect([...STRICTER_THAN_JOSE.keys()].filter((reason) => !differences.has(reason))).toEqual([]);
    expect(seen.both).toBeGreaterThan(ROUNDS / 10);
    expect(seen.neither).toBeGreaterThan(ROUNDS / 4);
  });
});

/** Ours refuses with a code, whatever it is given; anything else is a bug and ends the test. */
async function ourVerdict(token: string, world: KeyWorld): Promise<string> {
  try {
    await verifySubjectToken(token, world.deps);
    return "accepted";
  } catch (error) {
    if (error instanceof OAuthError && error.exchangeCode !== undefined) return error.exchangeCode;
    throw error;
  }
}

/** The same policy. jose also throws plain `TypeError`s, for keys and for headers: refusals as well. */
async function joseVerdict(token: string, { joseKeys, iss }: KeyWorld): Promise<string> {
  try {
    await jwtVerify(token, joseKeys, {
      issuer: iss,
      audience: AUDIENCE,
      algorithms: ["RS256", "ES256", "ES384"],
      clockTolerance: 30,
      currentDate: new Date(START * 1000),
      maxTokenAge: 3600,
      requiredClaims: ["exp", "iat", "sub"],
    });
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : "refused";
  }
}
