import { randomUUID } from "node:crypto";
import type { Issuer } from "@postern/core/issuer/issuer";
import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { calculateJwkThumbprint, type JWK } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CachedIssuerKeys } from "../adapters/issuer-http/cached-issuer-keys.ts";
import { SqliteAuditLog } from "../adapters/sqlite/sqlite-audit-log.ts";
import { SqliteIssuerStore } from "../adapters/sqlite/sqlite-issuer-store.ts";
import { SqliteSeenKeysStore } from "../adapters/sqlite/sqlite-seen-keys-store.ts";
import { type TemporaryDatabase, temporaryDatabase } from "../adapters/sqlite/temporary-database.contract.ts";
import { eventNamed, NOW } from "../adapters/store-fixtures.contract.ts";
import {
  ecKey,
  type IssuerKeyPair,
  type LocalIssuer,
  publicJwk,
  startIssuer,
} from "../token-exchange/local-issuer.contract.ts";
import { IssuerKeyWatch, type KeyChange } from "./issuer-key-watch.ts";

const DAY = 86_400;
const first = ecKey("k1", "P-256");
const second = ecKey("k2", "P-256");
let server: LocalIssuer;
let temporary: TemporaryDatabase;
let issuer: Issuer;
let time = NOW;
let changes: KeyChange[];

beforeEach(async () => {
  server = await startIssuer([first]);
  temporary = await temporaryDatabase();
  const url = parseIssuerUrl(server.url);
  if (url === undefined) throw new Error("no issuer");
  issuer = { id: randomUUID(), provider: "custom", url, allowOrigins: [server.origin], enabled: true };
  await new SqliteIssuerStore(temporary.database).add(issuer, eventNamed("issuer.add"));
  time = NOW;
  changes = [];
});
afterEach(async () => {
  await server.close();
  await temporary.remove();
});

/** As after a start of the server: nothing in memory. */
function freshKeys(): CachedIssuerKeys {
  const watch = new IssuerKeyWatch(new SqliteSeenKeysStore(temporary.database), (change) => changes.push(change));
  return new CachedIssuerKeys({ clock: { now: () => time }, watch });
}

async function thumbprint(key: IssuerKeyPair): Promise<string> {
  const jwk: JWK = JSON.parse(JSON.stringify(publicJwk(key)));
  return calculateJwkThumbprint(jwk);
}

async function eventNames(): Promise<readonly string[]> {
  const entries = await new SqliteAuditLog(temporary.database).entriesAfter(0, 100);
  return entries.map(({ event }) => event).filter((event) => event.startsWith("issuer.keys_"));
}

async function events(): Promise<readonly Record<string, unknown>[]> {
  const entries = await new SqliteAuditLog(temporary.database).entriesAfter(0, 100);
  return entries.filter(({ event }) => event === "issuer.keys_changed").map(({ detail }) => JSON.parse(detail));
}

describe("an issuer's keys", () => {
  it("cause no event at the first sight, nor while they stay the same, over restarts too", async () => {
    for (let start = 0; start < 3; start += 1) {
      expect((await freshKeys().find(issuer, "k1", "ES256")).kind).toBe("key");
      time = addSeconds(time, DAY);
    }
    expect([await events(), changes]).toEqual([[], []]);
  });

  it("cause an event with the thumbprints of both sides when they change, also while the server was off", async () => {
    await freshKeys().find(issuer, "k1", "ES256");
    server.keys = [second];
    expect((await freshKeys().find(issuer, "k2", "ES256")).kind).toBe("key");
    const [before, after] = [await thumbprint(first), await thumbprint(second)];
    expect(await events()).toEqual([
      {
        url: issuer.url,
        provider: "custom",
        old: [before],
        new: [after],
        added: [after],
        removed: [before],
        expected: false,
      },
    ]);
    expect(changes).toMatchObject([{ added: [after], removed: [before], isExpected: false }]);
  });

  it("cause one event per change while the server runs", async () => {
    const keys = freshKeys();
    await keys.find(issuer, "k1", "ES256");
    server.keys = [first, second];
    time = addSeconds(time, 120);
    expect((await keys.find(issuer, "k2", "ES256")).kind).toBe("key");
    time = addSeconds(time, DAY);
    await keys.find(issuer, "k2", "ES256");
    expect((await events()).map(({ removed }) => removed)).toEqual([[]]);
  });

  it("are held when an administrator confirms each, which is recorded once, and a confirmation counts at once", async () => {
    const holding: Issuer = { ...issuer, confirmedKeys: [await thumbprint(first)] };
    const keys = freshKeys();
    expect((await keys.find(holding, "k1", "ES256")).kind).toBe("key");
    server.keys = [first, second];
    for (let start = 0; start < 3; start += 1) {
      const restarted = freshKeys();
      expect((await restarted.find(holding, "k2", "ES256")).kind).toBe("held-key");
      expect((await restarted.find(holding, "k1", "ES256")).kind).toBe("key");
    }
    expect(await eventNames()).toEqual(["issuer.keys_held"]);
    expect(changes).toMatchObject([{ held: [await thumbprint(second)] }]);
    time = addSeconds(time, 120);
    expect((await keys.find(holding, "k2", "ES256")).kind).toBe("held-key");
    const confirmed = { ...holding, confirmedKeys: [await thumbprint(first), await thumbprint(second)] };
    expect((await keys.find(confirmed, "k2", "ES256")).kind).toBe("key");
  });

  it("are held and recorded although the issuer was never asked since it was added", async () => {
    const holding: Issuer = { ...issuer, confirmedKeys: [await thumbprint(first)] };
    server.keys = [second];
    expect((await freshKeys().find(holding, "k2", "ES256")).kind).toBe("held-key");
    expect(await eventNames()).toEqual(["issuer.keys_held"]);
  });

  it("are held under the id of a confirmed key too", async () => {
    const holding: Issuer = { ...issuer, confirmedKeys: [await thumbprint(first)] };
    await freshKeys().find(holding, "k1", "ES256");
    server.keys = [ecKey("k1", "P-256")];
    expect((await freshKeys().find(holding, "k1", "ES256")).kind).toBe("held-key");
    expect((await freshKeys().find(holding, undefined, "ES256")).kind).toBe("held-key");
  });

  it("are not used when their change cannot be recorded", async () => {
    await freshKeys().find(issuer, "k1", "ES256");
    server.keys = [second];
    const keys = freshKeys();
    temporary.database.connection.exec(
      "create trigger full before insert on audit_log begin select raise(abort, 'disk full'); end",
    );
    expect((await keys.find(issuer, "k2", "ES256")).kind).toBe("unavailable");
  });
});
