import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calculateJwkThumbprint } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSecretKey } from "../adapters/secret-key-file.ts";
import { SqliteSigningKeyStore } from "../adapters/sqlite/sqlite-signing-key-store.ts";
import { type TemporaryDatabase, temporaryDatabase } from "../adapters/sqlite/temporary-database.contract.ts";
import { NOW } from "../adapters/store-fixtures.contract.ts";
import { type KeyRing, openKeyRing } from "./key-ring.ts";

const SECRET = Buffer.alloc(32, 1);

describe("openKeyRing", () => {
  let temporary: TemporaryDatabase;

  beforeEach(async () => {
    temporary = await temporaryDatabase();
  });
  afterEach(() => temporary.remove());

  it("makes a key once and opens the same one at the next start", async () => {
    const first = await open(SECRET);
    const second = await open(SECRET);
    expect(second.jwks).toEqual(first.jwks);
    expect(second.current.privateKey.equals(first.current.privateKey)).toBe(true);
    expect(first.current.kid).toBe(await calculateJwkThumbprint(first.current.publicJwk));
  });

  it("refuses to start with another secret, and keeps the key", async () => {
    await open(SECRET);
    await expect(open(Buffer.alloc(32, 2))).rejects.toThrow("not the secret");
    await expect(open(SECRET)).resolves.toBeDefined();
  });

  it("refuses a sealed key that was moved to another key's row", async () => {
    await open(SECRET);
    temporary.database.connection.exec("update signing_keys set kid = 'other'");
    await expect(open(SECRET)).rejects.toThrow("signing key other");
  });

  it("refuses a sealed key with one changed byte", async () => {
    const { connection } = temporary.database;
    await open(SECRET);
    const sealed = connection.prepare<[], Buffer>("select sealed_private_key from signing_keys").pluck().get();
    if (sealed === undefined) throw new Error("no key");
    sealed.writeUInt8(sealed.readUInt8(20) ^ 1, 20);
    connection.prepare("update signing_keys set sealed_private_key = ?").run(sealed);
    await expect(open(SECRET)).rejects.toThrow("signing key");
  });

  it("refuses a secret that is too short to be one", async () => {
    await expect(open(Buffer.alloc(31))).rejects.toThrow(RangeError);
  });

  function open(secret: Uint8Array): Promise<KeyRing> {
    const store = new SqliteSigningKeyStore(temporary.database);
    return openKeyRing({ store, secret, clock: { now: () => NOW }, randomBytes });
  }
});

describe("loadSecretKey", () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "postern-secret-"));
    path = join(directory, "secret.key");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("makes the file once, readable by its owner only", () => {
    const secret = loadSecretKey(path, randomBytes);
    expect(secret).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Buffer.from(loadSecretKey(path, randomBytes)).equals(secret)).toBe(true);
  });

  it.each(["", "abc", "!".repeat(43)])("refuses a file that holds %j and leaves it alone", (text) => {
    writeFileSync(path, text);
    expect(() => loadSecretKey(path, randomBytes)).toThrow("32 bytes");
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});
