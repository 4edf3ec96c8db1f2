import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStores } from "../adapters/sqlite/temporary-database.contract.ts";
import { accountName, eventNamed, NOW, type OpenedStores } from "../adapters/store-fixtures.contract.ts";
import { digestOfToken } from "../tokens/token-digest.ts";
import { type BootstrapOutcome, bootstrapAdmin } from "./bootstrap-admin.ts";

const GIVEN = "hf_givengivengivengivengiven";

let stores: OpenedStores;

beforeEach(async () => {
  stores = await openSqliteStores();
});
afterEach(() => stores.close());

describe("bootstrapAdmin", () => {
  it("makes an administrator with a write token, and a second start changes nothing", async () => {
    const first = await bootstrap("root", undefined);
    if (first.kind !== "created") throw new Error(first.kind);
    expect(first.token).toMatch(/^hf_[A-Za-z0-9]{34}$/);
    expect(await stores.accounts.find("root")).toMatchObject({ isAdmin: true });
    expect(await stores.tokens.findPersonalByDigest(digestOfToken(first.token))).toMatchObject({
      user: "root",
      role: "write",
    });
    const head = await stores.audit.head();
    expect(await bootstrap("root", undefined)).toEqual({ kind: "exists" });
    expect(await bootstrap("other", GIVEN)).toEqual({ kind: "exists" });
    expect(await stores.audit.head()).toEqual(head);
  });

  it("takes a token that the operator brings along, and does not bring it back after it was revoked", async () => {
    expect(await bootstrap("root", GIVEN)).toEqual({ kind: "created", name: "root", token: GIVEN });
    const token = await stores.tokens.findPersonalByDigest(digestOfToken(GIVEN));
    await stores.tokens.revokePersonal(token?.id ?? "", NOW, eventNamed("token.revoke"));
    expect(await bootstrap("root", GIVEN)).toEqual({ kind: "exists" });
  });

  it("gives an administrator without a token one: the last start was cut off between the two", async () => {
    const root = { name: accountName("root"), fullname: "root", email: undefined, isAdmin: true, createdAt: NOW };
    await stores.accounts.addUser(root, eventNamed("user.create"));
    expect((await bootstrap("root", GIVEN)).kind).toBe("created");
  });

  it("never turns an account that exists into an administrator", async () => {
    const ada = { name: accountName("ada"), fullname: "ada", email: undefined, isAdmin: false, createdAt: NOW };
    await stores.accounts.addUser(ada, eventNamed("user.create"));
    await expect(bootstrap("ada", undefined)).rejects.toMatchObject({ code: "conflict" });
  });

  it.each([
    ["a/b", undefined],
    ["root", "secret"],
    ["root", "hf_jwt_abcdefghijklmnopqrstuvwxyz"],
  ])("refuses the name %s with the token %s", async (name, token) => {
    await expect(bootstrap(name, token)).rejects.toMatchObject({ code: "invalid_field" });
    expect((await stores.audit.head()).seq).toBe(0);
  });
});

function bootstrap(name: string, token: string | undefined): Promise<BootstrapOutcome> {
  const { accounts, tokens } = stores;
  return bootstrapAdmin(name, token, { accounts, tokens, clock: { now: () => NOW }, randomBytes });
}
