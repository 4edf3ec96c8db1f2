import type { IdentityChange } from "@postern/core/publisher/publisher";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_ATTEMPTS_PER_RESOURCE } from "../attempts/attempt-store.ts";
import {
  accountName,
  attempt,
  eventNamed,
  NOW,
  type OpenedStores,
  type OpenStores,
  publisher,
} from "./store-fixtures.contract.ts";

const REFUSED = eventNamed("token.exchange");

/** What every `AttemptStore` promises. */
export function describeAttemptStore(open: OpenStores): void {
  describe("AttemptStore", () => {
    let stores: OpenedStores;
    const { target } = attempt("a");
    const all = () => stores.attempts.list(target, undefined, 1000);

    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    it("gives back what was stored, with one audit entry per attempt", async () => {
      const before = await stores.audit.head();
      await stores.attempts.record(attempt("a"), REFUSED);
      await stores.attempts.record(attempt("a", { at: addSeconds(NOW, 5), runUrl: "https://ci.example/2" }), REFUSED);
      const { sameAs: _sameAs, target: _target, ...rest } = attempt("a");
      expect(await all()).toEqual([
        {
          ...rest,
          id: expect.any(Number),
          firstAt: NOW,
          at: addSeconds(NOW, 5),
          count: 2,
          runUrl: "https://ci.example/2",
        },
      ]);
      expect((await stores.audit.head()).seq).toBe(before.seq + 2);
    });

    it("keeps the attempts of two resources apart", async () => {
      await stores.attempts.record(attempt("a"), REFUSED);
      await stores.attempts.record(attempt("a", { target: publisher("p-2", "repo-2").target }), REFUSED);
      expect(await all()).toHaveLength(1);
    });

    describe("the change that an attempt shows", () => {
      const transfer = { kind: "transfer", to: { repository_id: "2" } } as const;
      const rename = { kind: "rename", to: { branch: "next" } } as const;
      const own = publisher("p-1");
      const show = async (change: IdentityChange, judged = own) => {
        const { seq } = await stores.audit.head();
        const audit = eventNamed(`publisher.${change.kind}`);
        await stores.attempts.record(attempt("a"), REFUSED, [{ publisher: judged, change, audit }]);
        return (await stores.audit.entriesAfter(seq, 10)).map(({ event }) => event);
      };
      beforeEach(() => stores.publishers.add(own, eventNamed("publisher.add")));

      it("waits at its publisher and is written down once", async () => {
        expect(await show(rename)).toEqual(["publisher.rename", "token.exchange"]);
        expect(await show(rename)).toEqual(["token.exchange"]);
        expect(await stores.publishers.find("p-1")).toEqual({ ...own, change: { ...rename, seenAt: NOW } });
      });

      it("gives way to a transfer, and a transfer only to another transfer", async () => {
        await show(rename);
        expect(await show(transfer)).toEqual(["publisher.transfer", "token.exchange"]);
        expect(await show(rename)).toEqual(["token.exchange"]);
        expect((await stores.publishers.find("p-1"))?.change).toEqual({ ...transfer, seenAt: NOW });
        const next = { kind: "transfer", to: { repository_id: "3" } } as const;
        expect(await show(next)).toEqual(["publisher.transfer", "token.exchange"]);
      });

      it("is dropped when the publisher has other claims by now, so that what was confirmed does not wait again", async () => {
        expect(await show(transfer, { ...own, claims: { branch: "old" } })).toEqual(["token.exchange"]);
        expect((await stores.publishers.find("p-1"))?.change).toBeUndefined();
      });
    });

    it("keeps a bounded number: the oldest of strangers go first, then the oldest of the owner", async () => {
      await stores.attempts.record(attempt("own"), REFUSED);
      for (let index = 0; index <= MAX_ATTEMPTS_PER_RESOURCE; index += 1) {
        const at = addSeconds(NOW, index);
        await stores.attempts.record(attempt(`stranger-${index}`, { publisherId: undefined, at }), REFUSED);
      }
      const kept = await all();
      expect(kept).toHaveLength(MAX_ATTEMPTS_PER_RESOURCE);
      expect(kept.at(-1)?.publisherId).toBe("p-1");
      expect(kept.at(-2)?.at).toBe(addSeconds(NOW, 2));
    });

    it("shows an attempt on a user only when there is such a user", async () => {
      const ada = { kind: "user", name: accountName("ada") } as const;
      await stores.attempts.record(attempt("a", { target: ada }), REFUSED);
      expect(await stores.attempts.list(ada, undefined, 10)).toEqual([]);
      const account = { name: accountName("Ada"), fullname: "Ada", email: undefined, isAdmin: false, createdAt: NOW };
      await stores.accounts.addUser(account, eventNamed("user.create"));
      await stores.attempts.record(attempt("a", { target: ada }), REFUSED);
      expect(await stores.attempts.list(ada, undefined, 10)).toHaveLength(1);
    });
  });
}
