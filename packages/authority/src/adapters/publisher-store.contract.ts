import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  accountName,
  eventNamed,
  GITHUB,
  issuerUrl,
  NOW,
  type OpenedStores,
  type OpenStores,
  publisher,
} from "./store-fixtures.contract.ts";

const ADDED = eventNamed("publisher.add");

/** What every `PublisherStore` promises. */
export function describePublisherStore(open: OpenStores): void {
  describe("PublisherStore", () => {
    let stores: OpenedStores;

    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    it("gives back exactly what was stored, for a repo and for a user", async () => {
      const onRepo = { ...publisher("p-1"), claims: { attempt: 7, "/a/b": "x", pushed: true }, pinAddress: true };
      const onUser = {
        ...publisher("p-2"),
        target: { kind: "user", name: accountName("Ada") },
        access: "read",
      } as const;
      await stores.publishers.add(onRepo, ADDED);
      await stores.publishers.add(onUser, ADDED);
      expect(await stores.publishers.find("p-1")).toEqual(onRepo);
      expect(await stores.publishers.find("p-2")).toEqual(onUser);
    });

    it("finds by target and exact issuer, enabled ones only", async () => {
      const { target } = publisher("p-1");
      await stores.publishers.add(publisher("p-1"), ADDED);
      await stores.publishers.add({ ...publisher("p-2"), enabled: false, claims: { branch: "dev" } }, ADDED);
      await stores.publishers.add(publisher("p-3", "repo-2"), ADDED);
      await stores.publishers.add({ ...publisher("p-4"), issuer: issuerUrl(`${GITHUB}/`) }, ADDED);
      expect((await stores.publishers.matching(target, GITHUB)).map(({ id }) => id)).toEqual(["p-1"]);
      expect((await stores.publishers.list(target)).map(({ id }) => id)).toEqual(["p-1", "p-2", "p-4"]);
    });

    it("finds a user's publishers whatever the case of the name", async () => {
      const target = { kind: "user", name: accountName("Ada") } as const;
      await stores.publishers.add({ ...publisher("p-1"), target, access: "read" }, ADDED);
      expect(await stores.publishers.matching({ kind: "user", name: accountName("aDA") }, GITHUB)).toHaveLength(1);
    });

    it("knows a duplicate whatever the order of its claims, and writes no audit entry for it", async () => {
      await stores.publishers.add({ ...publisher("p-1"), claims: { a: "1", b: "2" } }, ADDED);
      const before = await stores.audit.head();
      expect(await stores.publishers.add({ ...publisher("p-2"), claims: { b: "2", a: "1" } }, ADDED)).toBe("exists");
      expect(await stores.audit.head()).toEqual(before);
      expect(await stores.publishers.add({ ...publisher("p-3"), claims: { a: 1, b: "2" } }, ADDED)).toBe("added");
    });

    it("keeps two publishers apart that differ in their audience alone, and knows a third as a duplicate", async () => {
      const [v1, v2] = ["api://hub.example", "9b1d0000-0000-4000-8000-000000000001"];
      expect(await stores.publishers.add(publisher("p-1"), ADDED)).toBe("added");
      expect(await stores.publishers.add({ ...publisher("p-2"), audience: v1 }, ADDED)).toBe("added");
      expect(await stores.publishers.add({ ...publisher("p-3"), audience: v2 }, ADDED)).toBe("added");
      for (const audience of [undefined, v1, v2])
        expect(await stores.publishers.add({ ...publisher("p-4"), audience }, ADDED)).toBe("exists");
      const stored = await stores.publishers.list(publisher("p-1").target);
      expect(stored.map(({ audience }) => audience)).toEqual([undefined, v1, v2]);
    });

    it("settles a change only as it was seen", async () => {
      const before = publisher("p-1");
      await stores.publishers.add(before, ADDED);
      const after = { ...before, claims: { ...before.claims, repository: "acme/new" } };
      const waiting = { ...before, change: { kind: "rename", to: { repository: "acme/new" }, seenAt: NOW } } as const;
      const confirmed = eventNamed("publisher.confirm");
      expect(await stores.publishers.settleChange(waiting, after, confirmed)).toBe("changed");
      expect(await stores.publishers.settleChange({ ...before, claims: after.claims }, after, confirmed)).toBe(
        "changed",
      );
      expect(await stores.publishers.settleChange({ ...before, id: "p-9" }, { ...after, id: "p-9" }, confirmed)).toBe(
        "missing",
      );
      await stores.publishers.add({ ...after, id: "p-2" }, ADDED);
      expect(await stores.publishers.settleChange(before, after, confirmed)).toBe("exists");
      expect((await stores.audit.entriesAfter(0, 10)).map(({ event }) => event)).not.toContain("publisher.confirm");
      await stores.publishers.remove("p-2", eventNamed("publisher.remove"));
      expect(await stores.publishers.settleChange(before, after, confirmed)).toBe("settled");
      expect((await stores.publishers.find("p-1"))?.claims).toEqual(after.claims);
    });

    it("switches off and on, and removes, each with an audit entry", async () => {
      await stores.publishers.add(publisher("p-1"), ADDED);
      expect(await stores.publishers.setEnabled("p-1", false, eventNamed("publisher.disable"))).toBe("changed");
      expect((await stores.publishers.find("p-1"))?.enabled).toBe(false);
      expect(await stores.publishers.remove("p-1", eventNamed("publisher.remove"))).toBe("removed");
      const events = (await stores.audit.entriesAfter(0, 10)).map(({ event }) => event);
      expect(events).toEqual(["publisher.add", "publisher.disable", "publisher.remove"]);
    });

    it("says so when there is nothing to change, and writes nothing", async () => {
      expect(await stores.publishers.setEnabled("p-9", true, ADDED)).toBe("missing");
      expect(await stores.publishers.remove("p-9", ADDED)).toBe("missing");
      expect((await stores.audit.head()).seq).toBe(0);
    });
  });
}
