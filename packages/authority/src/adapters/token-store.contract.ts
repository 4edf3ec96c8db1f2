import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewPersonalToken } from "../tokens/token-store.ts";
import {
  accountName,
  eventNamed,
  grant,
  NOW,
  type OpenedStores,
  type OpenStores,
  publisher,
  use,
} from "./store-fixtures.contract.ts";

const ADA = accountName("ada");
const LATER = addSeconds(NOW, 60);
const TOKEN: NewPersonalToken = {
  id: "token-1",
  user: ADA,
  name: "laptop",
  role: "write",
  digest: Buffer.alloc(32, 7),
  createdAt: NOW,
};

/** What every `TokenStore` promises. */
export function describeTokenStore(open: OpenStores): void {
  describe("TokenStore", () => {
    let stores: OpenedStores;

    beforeEach(async () => {
      stores = await open();
      const ada = { name: ADA, fullname: "Ada", email: undefined, isAdmin: false, createdAt: NOW };
      await stores.accounts.addUser(ada, eventNamed("user.create"));
      await stores.tokens.addPersonal(TOKEN, eventNamed("token.create"));
    });
    afterEach(() => stores.close());

    it("finds a personal token by its digest and by its id", async () => {
      const expected = { id: "token-1", user: "ada", name: "laptop", role: "write", createdAt: NOW };
      expect(await stores.tokens.findPersonalByDigest(TOKEN.digest)).toMatchObject(expected);
      expect(await stores.tokens.findPersonal("token-1")).toMatchObject(expected);
      expect(await stores.tokens.findPersonalByDigest(Buffer.alloc(32, 8))).toBeUndefined();
      expect(await stores.tokens.listPersonal(ADA)).toHaveLength(1);
    });

    it("needs a user, and takes one digest once", async () => {
      const orphan = { ...TOKEN, id: "token-2", user: accountName("nobody"), digest: Buffer.alloc(32, 9) };
      expect(await stores.tokens.addPersonal(orphan, eventNamed("token.create"))).toBe("no-such-user");
      expect(await stores.tokens.addPersonal({ ...TOKEN, id: "token-3" }, eventNamed("token.create"))).toBe("exists");
    });

    it("revokes a personal token once and writes that down once", async () => {
      expect(await stores.tokens.revokePersonal("token-1", LATER, eventNamed("token.revoke"))).toBe(true);
      expect(await stores.tokens.revokePersonal("token-1", LATER, eventNamed("token.revoke"))).toBe(false);
      expect((await stores.tokens.findPersonal("token-1"))?.revokedAt).toBe(LATER);
      const events = (await stores.audit.entriesAfter(0, 10)).map(({ event }) => event);
      expect(events).toEqual(["user.create", "token.create", "token.revoke"]);
    });

    it("remembers when a token was used, without an audit entry", async () => {
      const before = await stores.audit.head();
      await stores.tokens.touchPersonal("token-1", LATER);
      expect((await stores.tokens.findPersonal("token-1"))?.lastUsedAt).toBe(LATER);
      expect(await stores.audit.head()).toEqual(before);
    });

    it("revokes a grant once, and not one that expired by itself", async () => {
      await stores.publishers.add(publisher("p-1"), eventNamed("publisher.add"));
      await stores.ledger.issue(use(), grant("t-1"), eventNamed("token.exchange"));
      const afterEnd = addSeconds(NOW, 3601);
      expect(await stores.tokens.revokeGrant("t-1", afterEnd, eventNamed("token.revoke"))).toBe(false);
      expect(await stores.tokens.revokeGrant("t-1", LATER, eventNamed("token.revoke"))).toBe(true);
      expect(await stores.tokens.revokeGrant("t-1", LATER, eventNamed("token.revoke"))).toBe(false);
      expect((await stores.tokens.findGrant("t-1"))?.revokedAt).toBe(LATER);
    });
  });
}
