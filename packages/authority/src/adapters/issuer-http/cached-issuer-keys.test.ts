import { randomUUID } from "node:crypto";
import type { Issuer } from "@postern/core/issuer/issuer";
import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { addSeconds, type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  DISCOVERY_PATH,
  type IssuerKeyPair,
  type LocalIssuer,
  publicJwk,
  rsaKey,
  sendJson,
  startIssuer,
} from "../../token-exchange/local-issuer.contract.ts";
import { CachedIssuerKeys } from "./cached-issuer-keys.ts";

const START = epochSeconds(1_795_000_000);
let first: IssuerKeyPair;
let second: IssuerKeyPair;
let server: LocalIssuer;
let issuer: Issuer;
let time: EpochSeconds;
let keys: CachedIssuerKeys;

beforeAll(() => {
  first = rsaKey("k1");
  second = rsaKey("k2");
});

beforeEach(async () => {
  server = await startIssuer([first]);
  const url = parseIssuerUrl(server.url);
  if (url === undefined) throw new Error("no issuer");
  issuer = { id: randomUUID(), provider: "github", url, allowOrigins: [server.origin], enabled: true };
  time = START;
  keys = new CachedIssuerKeys({ clock: { now: () => time } });
});

afterEach(() => server.close());

async function find(kid: string | undefined): Promise<string> {
  return (await keys.find(issuer, kid, "RS256")).kind;
}

function keySetFetches(): number {
  return server.requests.filter((path) => path === "/jwks").length;
}

function wait(seconds: number): void {
  time = addSeconds(time, seconds);
}

describe("CachedIssuerKeys", () => {
  it("fetches once for many that ask at the same time", async () => {
    const found = await Promise.all(Array.from({ length: 50 }, () => find("k1")));
    expect(new Set(found)).toEqual(new Set(["key"]));
    expect(server.requests).toEqual([DISCOVERY_PATH, "/jwks"]);
  });

  it("finds a rotated key within one request", async () => {
    await find("k1");
    server.keys = [second];
    expect(await find("k2")).toBe("key");
    expect(await find("k1")).toBe("unknown-key");
  });

  it("makes one fetch for a thousand invented key ids", async () => {
    await find("k1");
    const before = keySetFetches();
    for (let index = 0; index < 1000; index += 1) expect(await find(`invented-${index}`)).toBe("unknown-key");
    expect(keySetFetches()).toBe(before + 1);
    expect(await find("k1")).toBe("key");
  });

  it("does not ask twice for the same unknown key, even after the cooldown", async () => {
    await find("k1");
    await find("gone");
    wait(61);
    const before = keySetFetches();
    await find("gone");
    expect(keySetFetches()).toBe(before);
    await find("other");
    expect(keySetFetches()).toBe(before + 1);
  });

  it("waits longer and longer while the issuer is down", async () => {
    server.answers.set(DISCOVERY_PATH, (_request, response) => response.writeHead(500).end());
    const attempts: number[] = [];
    for (let second = 0; second < 40; second += 1) {
      const before = server.requests.length;
      expect(await find("k1")).toBe("unavailable");
      if (server.requests.length > before) attempts.push(second);
      wait(1);
    }
    expect(attempts).toEqual([0, 2, 6, 14, 30]);
  });

  it("keeps using known keys for a day while the issuer is down, and no longer", async () => {
    await find("k1");
    server.answers.set(DISCOVERY_PATH, (_request, response) => response.writeHead(500).end());
    wait(3600);
    expect(await find("k1")).toBe("key");
    wait(86_400 - 3601);
    expect(await find("k1")).toBe("key");
    wait(1);
    expect(await find("k1")).toBe("unavailable");
  });

  it("tells a token with an unknown key to come again while the issuer is down: its key may be new", async () => {
    await find("k1");
    server.answers.set(DISCOVERY_PATH, (_request, response) => response.writeHead(500).end());
    expect(await find("k2")).toBe("unavailable");
    expect(await find("k2")).toBe("unavailable");
    expect(await find("k1")).toBe("key");
    server.answers.delete(DISCOVERY_PATH);
    server.keys = [first, second];
    wait(61);
    expect(await find("k2")).toBe("key");
  });

  it.each([
    ["no word on it", undefined, 900],
    ["a second", "public, max-age=1", 300],
    ["ten minutes", "max-age=600", 600],
    ["a year", "max-age=31536000", 86_400],
  ])("believes keys to be fresh as long as allowed when the issuer says %s", async (_what, cacheControl, fresh) => {
    server.answers.set("/jwks", (_request, response) =>
      sendJson(
        response,
        { keys: server.keys.map(publicJwk) },
        cacheControl === undefined ? {} : { "cache-control": cacheControl },
      ),
    );
    await find("k1");
    wait(fresh * 0.8 - 1);
    await find("k1");
    expect(keySetFetches()).toBe(1);
    wait(fresh * 0.2 + 1);
    await find("k1");
    expect(keySetFetches()).toBe(2);
  });

  it("fetches keys again before they are stale, and no token waits for it", async () => {
    await find("k1");
    wait(720);
    const asked = Promise.withResolvers<() => void>();
    server.answers.set("/jwks", (_request, response) =>
      asked.resolve(() => sendJson(response, { keys: [publicJwk(second)] })),
    );
    expect(await find("k1")).toBe("key");
    const answer = await asked.promise;
    expect(await find("k1")).toBe("key");
    answer();
    // Whoever asks for a key that is not known yet shares the fetch and comes after it.
    expect(await find("k2")).toBe("key");
    expect(await find("k1")).toBe("unknown-key");
  });

  it("holds up nobody but the one who asked again while an issuer that failed hangs", async () => {
    server.answers.set(DISCOVERY_PATH, (_request, response) => response.writeHead(500).end());
    await find("k1");
    wait(2);
    const hanging = Promise.withResolvers<() => void>();
    server.answers.set(DISCOVERY_PATH, (_request, response) =>
      hanging.resolve(() => sendJson(response, { issuer: server.url, jwks_uri: `${server.url}/jwks` })),
    );
    const asking = find("k1");
    const answer = await hanging.promise;
    expect(await Promise.all([find("k1"), find("k2"), find(undefined)])).toEqual(Array(3).fill("unavailable"));
    answer();
    expect(await asking).toBe("key");
  });

  it("takes known keys at once while an issuer that failed hangs", async () => {
    await find("k1");
    wait(900);
    server.answers.set(DISCOVERY_PATH, (_request, response) => response.writeHead(500).end());
    expect(await find("k1")).toBe("key");
    wait(2);
    const hanging = Promise.withResolvers<() => void>();
    server.answers.set(DISCOVERY_PATH, (_request, response) => hanging.resolve(() => response.writeHead(500).end()));
    expect(await find("k1")).toBe("key");
    const answer = await hanging.promise;
    expect(await find("k1")).toBe("key");
    answer();
  });

  it("drops a removed key once the keys are not fresh any more", async () => {
    await find("k1");
    server.keys = [second];
    wait(900);
    expect(await find("k1")).toBe("unknown-key");
  });

  it("takes a token without kid only while a single key fits", async () => {
    expect(await find(undefined)).toBe("key");
    server.keys = [first, second];
    wait(900);
    expect(await find(undefined)).toBe("unknown-key");
  });

  it.each([
    ["names another issuer", (url: string) => ({ issuer: `${url}/`, jwks_uri: `${url}/jwks` })],
    ["names no keys", (url: string) => ({ issuer: url })],
    ["is a list", () => []],
  ])("does not use a discovery document that %s", async (_what, document) => {
    server.answers.set(DISCOVERY_PATH, (_request, response) => sendJson(response, document(server.url)));
    expect(await find("k1")).toBe("unavailable");
    expect(keySetFetches()).toBe(0);
  });

  it("does not fetch keys from an origin that discovery alone names", async () => {
    const evil = await startIssuer([first]);
    server.answers.set(DISCOVERY_PATH, (_request, response) =>
      sendJson(response, { issuer: server.url, jwks_uri: `${evil.url}/jwks` }),
    );
    expect(await find("k1")).toBe("unavailable");
    expect(evil.connections()).toBe(0);
    await evil.close();
  });
});
