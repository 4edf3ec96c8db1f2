import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewUser } from "../accounts/account-store.ts";
import { accountName, eventNamed, NOW, type OpenedStores, type OpenStores } from "./store-fixtures.contract.ts";

const ADA = accountName("Ada");
const ACME = accountName("acme");

/** What every `AccountStore` promises. */
export function describeAccountStore(open: OpenStores): void {
  describe("AccountStore", () => {
    let stores: OpenedStores;

    beforeEach(async () => {
      stores = await open();
      await stores.accounts.addUser(user("Ada"), eventNamed("user.create"));
    });
    afterEach(() => stores.close());

    it("finds an account whatever the case and answers with the stored spelling", async () => {
      expect(await stores.accounts.find("aDA")).toMatchObject({ kind: "user", name: "Ada", isLocked: false });
      expect(await stores.accounts.find("nobody")).toBeUndefined();
    });

    it("gives a name once, to a user or to an organisation", async () => {
      expect(await stores.accounts.addUser(user("ADA"), eventNamed("user.create"))).toBe("taken");
      const org = { name: accountName("ada"), fullname: "x", createdAt: NOW };
      expect(await stores.accounts.addOrg(org, ADA, eventNamed("org.create"))).toBe("taken");
      expect((await stores.audit.head()).seq).toBe(1);
    });

    it("makes the owner of a new organisation its admin, and needs one that exists", async () => {
      const org = { name: ACME, fullname: "Acme", createdAt: NOW };
      expect(await stores.accounts.addOrg(org, accountName("nobody"), eventNamed("org.create"))).toBe("no-such-owner");
      expect(await stores.accounts.addOrg(org, ADA, eventNamed("org.create"))).toBe("added");
      expect(await stores.accounts.members(ACME)).toEqual([{ user: "Ada", role: "admin" }]);
      expect(await stores.accounts.memberships(ADA)).toEqual([{ org: "acme", role: "admin" }]);
    });

    it("adds a member, changes the role, removes the member", async () => {
      await stores.accounts.addOrg({ name: ACME, fullname: "Acme", createdAt: NOW }, ADA, eventNamed("org.create"));
      await stores.accounts.addUser(user("bob"), eventNamed("user.create"));
      const bob = accountName("bob");
      for (const role of ["read", "write"] as const)
        expect(await stores.accounts.setMember(ACME, bob, role, eventNamed("org.member.set"))).toBe("set");
      expect(await stores.accounts.memberships(bob)).toEqual([{ org: "acme", role: "write" }]);
      expect(await stores.accounts.removeMember(ACME, bob, eventNamed("org.member.remove"))).toBe("removed");
      expect(await stores.accounts.removeMember(ACME, bob, eventNamed("org.member.remove"))).toBe("missing");
      expect(await stores.accounts.memberships(bob)).toEqual([]);
    });

    it("has no members but users, and only in organisations", async () => {
      expect(await stores.accounts.setMember(ADA, ADA, "read", eventNamed("org.member.set"))).toBe("missing");
    });
  });
}

function user(name: string): NewUser {
  return { name: accountName(name), fullname: name, email: undefined, isAdmin: false, createdAt: NOW };
}
