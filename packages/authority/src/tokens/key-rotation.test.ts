import { randomBytes } from "node:crypto";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSecretKey } from "../adapters/secret-key-file.ts";
import { SqliteSigningKeyStore } from "../adapters/sqlite/sqlite-signing-key-store.ts";
import { ADMIN_TOKEN, type ManagementStage, openStage, PUBLIC_URL } from "../http/management-stage.contract.ts";
import { KEY_AFTERLIFE_SECONDS, KEY_OVERLAP_SECONDS, KEY_SET_MAX_AGE_SECONDS } from "./key-life.ts";
import { openKeyRing } from "./key-ring.ts";
import { rotateKeysWhenDue } from "./rotate-keys.ts";

const DAY = 86_400;
let stage: ManagementStage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe("key rotation", () => {
  it("publishes a new key before it signs, and the old one while its tokens live", async () => {
    const [old] = await kids();
    const rotated = await stage.call("POST", "/keys/rotate", ADMIN_TOKEN);
    expect(rotated).toMatchObject({ status: 201, json: { state: "next", alg: "ES256" } });
    const next = rotated.json.kid;
    expect(await kids()).toEqual([next, old]);
    expect(stage.keyRing.current.kid).toBe(old);

    wait(KEY_OVERLAP_SECONDS - 1);
    expect(stage.keyRing.current.kid).toBe(old);
    wait(1);
    expect(stage.keyRing.current.kid).toBe(next);
    expect(await kids()).toEqual([next, old]);
    expect(await states()).toEqual(["signing", "retired"]);

    wait(KEY_AFTERLIFE_SECONDS);
    expect(await kids()).toEqual([next]);
    await rotateKeysWhenDue(undefined, stage);
    expect(await new SqliteSigningKeyStore(stage.database).list()).toHaveLength(1);
    expect((await events()).filter((event) => event.startsWith("signing-key."))).toEqual([
      "signing-key.create",
      "signing-key.rotate",
      "signing-key.remove",
    ]);
  });

  it("refuses no living token to a verifier that caches the key set for as long as it may, through three rotations", async () => {
    const { exchanged, rotate } = await publisherOnStage();
    const living: { readonly jwt: string; readonly expiresAt: number }[] = [];
    const signers = new Set<unknown>();
    let cached: { readonly keys: JSONWebKeySet; readonly at: number } | undefined;
    for (let minute = 0; minute < 240; minute += 1) {
      const [, ...minted] = await Promise.all([minute % 80 === 20 ? rotate() : undefined, exchanged(), exchanged()]);
      living.push(...minted.map((jwt) => ({ jwt, expiresAt: stage.clock.time + 3600 })));
      if (cached === undefined || stage.clock.time - cached.at >= KEY_SET_MAX_AGE_SECONDS)
        cached = { keys: await keySet(), at: stage.clock.time };
      const verifier = createLocalJWKSet(cached.keys);
      for (const { jwt } of [living[0], ...living.slice(-4)].filter((one) => one !== undefined)) {
        const { protectedHeader } = await jwtVerify(jwt, verifier, {
          issuer: PUBLIC_URL,
          currentDate: new Date(stage.clock.time * 1000),
        });
        signers.add(protectedHeader.kid);
      }
      wait(60);
      while (living[0] !== undefined && living[0].expiresAt <= stage.clock.time) living.shift();
    }
    expect(signers.size).toBe(4);
  });

  it("takes over at the announced time although the server was restarted in between", async () => {
    await stage.call("POST", "/keys/rotate", ADMIN_TOKEN);
    const [next, old] = await kids();
    const restarted = await openKeyRing({
      store: new SqliteSigningKeyStore(stage.database),
      secret: loadSecretKey(`${stage.directory}/secret.key`, randomBytes),
      clock: { now: () => stage.clock.time },
      randomBytes,
    });
    expect(restarted.current.kid).toBe(old);
    wait(KEY_OVERLAP_SECONDS);
    expect(restarted.current.kid).toBe(next);
  });

  it("refuses a second rotation before the first took over, also when both arrive at once", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => stage.call("POST", "/keys/rotate", ADMIN_TOKEN)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect((await stage.call("POST", "/keys/rotate", ADMIN_TOKEN)).json.code).toBe("conflict");
    expect(await kids()).toHaveLength(2);
  });

  describe("when the clock is set back", () => {
    const HOUR = 3600;

    it("lets no key sign that verifiers do not know yet or no longer, through rotations before and after", async () => {
      const known = new Map<unknown, number>();
      const signed: unknown[] = [];
      // Time as it really passes; the stage's clock is what the server believes.
      let passed = 0;
      const go = async (seconds: number): Promise<void> => {
        for (let second = 0; second < seconds; second += 60) {
          for (const kid of await kids()) if (!known.has(kid)) known.set(kid, passed);
          const { kid } = stage.keyRing.current;
          expect(await kids()).toContain(kid);
          if (kid !== first) expect(passed - (known.get(kid) ?? passed)).toBeGreaterThan(KEY_SET_MAX_AGE_SECONDS);
          if (signed.at(-1) !== kid) signed.push(kid);
          await rotateKeysWhenDue(undefined, stage);
          wait(60);
          passed += 60;
        }
      };
      const rotate = async (): Promise<unknown> => {
        const { status, json } = await stage.call("POST", "/keys/rotate", ADMIN_TOKEN);
        expect(status).toBe(201);
        return json.kid;
      };
      const [first] = await kids();
      await go(300);
      wait(-HOUR); // Now even the first key is of the future.
      const second = await rotate();
      await go(2 * HOUR);
      const third = await rotate();
      wait(-HOUR); // The third is published and does not sign yet.
      await go(3 * HOUR);
      const fourth = await rotate();
      await go(HOUR);
      wait(-HOUR); // The fourth signs, and the third one's time comes again.
      await go(3 * HOUR);
      const order = [first, second, third, fourth];
      expect([...new Set(signed)]).toEqual(order);
      expect(signed.at(-1)).toBe(fourth);
      expect(await kids()).toEqual([fourth]);
    });

    it("rotates although the last rotation was announced by a clock that ran a year ahead, and that key never signs", async () => {
      const [old] = await kids();
      wait(365 * DAY);
      const { kid: ahead } = (await stage.call("POST", "/keys/rotate", ADMIN_TOKEN)).json;
      wait(-365 * DAY);
      const { status, json } = await stage.call("POST", "/keys/rotate", ADMIN_TOKEN);
      expect(status).toBe(201);
      expect(stage.keyRing.current.kid).toBe(old);
      wait(KEY_OVERLAP_SECONDS);
      expect(stage.keyRing.current.kid).toBe(json.kid);
      wait(366 * DAY);
      expect(stage.keyRing.current.kid).toBe(json.kid);
      expect(await kids()).toEqual([json.kid]);
      expect(json.kid).not.toBe(ahead);
    });

    it("is still a second rotation before the first took over", async () => {
      await stage.call("POST", "/keys/rotate", ADMIN_TOKEN);
      wait(-KEY_OVERLAP_SECONDS);
      expect((await stage.call("POST", "/keys/rotate", ADMIN_TOKEN)).status).toBe(409);
    });

    it("rotates by itself although the newest key was made by a clock that ran ahead for longer than a key's life", async () => {
      wait(365 * DAY);
      await stage.call("POST", "/keys/rotate", ADMIN_TOKEN);
      wait(-365 * DAY);
      await rotateKeysWhenDue(90, stage);
      expect(await kids()).toHaveLength(3);
      await rotateKeysWhenDue(90, stage);
      expect(await kids()).toHaveLength(3);
    });
  });

  it("rotates by itself once the key is old enough, once", async () => {
    await rotateKeysWhenDue(90, stage);
    wait(90 * DAY - 1);
    await rotateKeysWhenDue(90, stage);
    expect(await kids()).toHaveLength(1);
    wait(1);
    await rotateKeysWhenDue(undefined, stage);
    expect(await kids()).toHaveLength(1);
    await rotateKeysWhenDue(90, stage);
    await rotateKeysWhenDue(90, stage);
    expect(await kids()).toHaveLength(2);
  });

  it("is for administrators, and a refused attempt is written down", async () => {
    const ada = await stage.user("ada");
    expect((await stage.call("POST", "/keys/rotate", ada)).status).toBe(403);
    expect((await stage.call("GET", "/keys", ada)).status).toBe(403);
    expect((await stage.call("POST", "/keys/rotate")).status).toBe(401);
    expect(await kids()).toHaveLength(1);
    const [denied] = (await stage.entries()).filter(({ outcome }) => outcome === "denied");
    expect(denied?.event).toBe("signing-key.rotate");
  });

  it("gives a new key to verifiers for longer than they may keep an old set", () => {
    expect(KEY_OVERLAP_SECONDS).toBeGreaterThan(KEY_SET_MAX_AGE_SECONDS);
  });
});

function wait(seconds: number): void {
  stage.clock.time = addSeconds(stage.clock.time, seconds);
}

async function keySet(): Promise<JSONWebKeySet> {
  const { json } = await stage.send("/oauth/jwks", {});
  return JSON.parse(JSON.stringify(json));
}

/** The published keys of tokens; the one of statements about commits stands beside them for good. */
async function kids(): Promise<readonly unknown[]> {
  const others: readonly unknown[] = stage.provenanceKeys.published.map(({ kid }) => kid);
  return (await keySet()).keys.map(({ kid }) => kid).filter((kid) => !others.includes(kid));
}

async function states(): Promise<readonly unknown[]> {
  const { keys } = (await stage.call("GET", "/keys", ADMIN_TOKEN)).json;
  return Array.isArray(keys) ? keys.map(({ state }) => state) : [];
}

async function events(): Promise<readonly string[]> {
  return (await stage.entries()).map(({ event }) => event);
}

async function publisherOnStage(): Promise<{
  readonly exchanged: () => Promise<string>;
  readonly rotate: () => Promise<unknown>;
}> {
  await stage.exchanged("repo");
  return {
    exchanged: async () => (await stage.exchanged("repo")).slice("hf_jwt_".length),
    rotate: async () => expect((await stage.call("POST", "/keys/rotate", ADMIN_TOKEN)).status).toBe(201),
  };
}
