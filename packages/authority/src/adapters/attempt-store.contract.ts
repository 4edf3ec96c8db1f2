import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewAttempt } from "../attempts/attempt.ts";
import { MAX_ATTEMPTS_PER_RESOURCE } from "../attempts/attempt-store.ts";
import {
  accountName,
  eventNamed,
  GITHUB,
  NOW,
  type OpenedStores,
  type OpenStores,
  publisher,
} from "./store-fixtures.contract.ts";

const REFUSED = eventNamed("token.exchange");

function attempt(sameAs: string, changes: Partial<NewAttempt> = {}): NewAttempt {
  return {
    target: publisher("p-1").target,
    sameAs,
    provider: "github",
    issuer: GITHUB,
    code: "TP1803",
    message: "The branch differs.",
    claims: { repository_id: "1", branch: "dev", is_reusable: false },
    checks: [{ claim: "branch", expected: "main", got: "dev", ok: false }],
    publisherId: "p-1",
    runUrl: undefined,
    at: NOW,
    ...changes,
  };
}

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
