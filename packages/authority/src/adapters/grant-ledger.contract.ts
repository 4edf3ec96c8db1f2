import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewGrant, SubjectTokenUse } from "../token-exchange/grant-ledger.ts";
import {
  attempt,
  eventNamed,
  grant,
  NOW,
  type OpenedStores,
  type OpenStores,
  publisher,
  use,
} from "./store-fixtures.contract.ts";

const ISSUED = eventNamed("token.exchange");

/** What every `GrantLedger` promises. */
export function describeGrantLedger(open: OpenStores): void {
  describe("GrantLedger", () => {
    let stores: OpenedStores;

    beforeEach(async () => {
      stores = await open();
      await stores.publishers.add(publisher("p-1"), eventNamed("publisher.add"));
    });
    afterEach(() => stores.close());

    it("issues a grant, marks the publisher as used and writes one audit entry", async () => {
      const before = await stores.audit.head();
      expect(await stores.ledger.issue(use(), grant("t-1"), ISSUED)).toEqual({ kind: "issued", use: 1 });
      expect((await stores.audit.head()).seq).toBe(before.seq + 1);
      expect((await stores.publishers.find("p-1"))?.lastUsedAt).toBe(NOW);
      expect((await stores.tokens.findGrant("t-1"))?.origin).toEqual(grant("t-1").origin);
    });

    it("keeps what the token is tied to, and nothing for a token that is free", async () => {
      const binding = { boundTo: "thumbprint", pinnedAddress: "192.0.2.7" };
      await stores.ledger.issue(use(), { ...grant("t-1"), ...binding }, ISSUED);
      await stores.ledger.issue({ ...use(), replayKey: "jti-2" }, grant("t-2"), ISSUED);
      expect(await stores.tokens.findGrant("t-1")).toMatchObject(binding);
      const free = { boundTo: undefined, pinnedAddress: undefined };
      expect(await stores.tokens.findGrant("t-2")).toMatchObject(free);
    });

    it("refuses a single-use token the second time and leaves nothing behind", async () => {
      await stores.ledger.issue(use(), grant("t-1"), ISSUED);
      const before = await stores.audit.head();
      expect(await stores.ledger.issue(use(), grant("t-2"), ISSUED)).toEqual({ kind: "replayed", firstUsedAt: NOW });
      expect(await stores.audit.head()).toEqual(before);
      expect(await stores.tokens.findGrant("t-2")).toBeUndefined();
    });

    it("gives exactly one grant to two exchanges of one token that run at once", async () => {
      const outcomes = await Promise.all(["t-1", "t-2"].map((id) => stores.ledger.issue(use(), grant(id), ISSUED)));
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["issued", "replayed"]);
      const grants = await Promise.all(["t-1", "t-2"].map((id) => stores.tokens.findGrant(id)));
      expect(grants.filter((found) => found !== undefined)).toHaveLength(1);
    });

    it("lets two issuers use the same jti", async () => {
      await stores.ledger.issue(use(), grant("t-1"), ISSUED);
      const other = { ...use(), issuer: "https://gitlab.example" };
      expect(await stores.ledger.issue(other, grant("t-2"), ISSUED)).toEqual({ kind: "issued", use: 1 });
    });

    it("counts the uses of a bounded token and stops at the limit", async () => {
      const bounded: SubjectTokenUse = { ...use(), mode: { kind: "bounded", maxUses: 3 } };
      const outcomes = [];
      for (const id of ["t-1", "t-2", "t-3", "t-4"])
        outcomes.push(await stores.ledger.issue(bounded, grant(id), ISSUED));
      expect(outcomes).toEqual([
        { kind: "issued", use: 1 },
        { kind: "issued", use: 2 },
        { kind: "issued", use: 3 },
        { kind: "replayed", firstUsedAt: NOW },
      ]);
    });

    it("refuses a bounded token for a second resource, and for a second publisher", async () => {
      const bounded: SubjectTokenUse = { ...use(), mode: { kind: "bounded", maxUses: 3 } };
      await stores.publishers.add({ ...publisher("p-2"), access: "read" }, eventNamed("publisher.add"));
      await stores.ledger.issue(bounded, grant("t-1"), ISSUED);
      const elsewhere = { ...grant("t-2"), target: publisher("p-1", "repo-2").target };
      expect((await stores.ledger.issue(bounded, elsewhere, ISSUED)).kind).toBe("replayed");
      expect((await stores.ledger.issue(bounded, { ...grant("t-3"), publisherId: "p-2" }, ISSUED)).kind).toBe(
        "replayed",
      );
    });

    it("does not spend the token when the publisher is switched off or gone", async () => {
      await stores.publishers.setEnabled("p-1", false, eventNamed("publisher.disable"));
      expect(await stores.ledger.issue(use(), grant("t-1"), ISSUED)).toEqual({ kind: "publisher-gone" });
      await stores.publishers.setEnabled("p-1", true, eventNamed("publisher.enable"));
      expect(await stores.ledger.issue(use(), grant("t-1"), ISSUED)).toEqual({ kind: "issued", use: 1 });
      await stores.publishers.remove("p-1", eventNamed("publisher.remove"));
      const second = { ...use(), replayKey: "jti-2" };
      expect(await stores.ledger.issue(second, grant("t-2"), ISSUED)).toEqual({ kind: "publisher-gone" });
    });

    it("renames a publisher with the grant, once, and spends nothing where it does not", async () => {
      const { claims } = publisher("p-1");
      const renamed = (tokenId: string, branch: string): NewGrant => ({
        ...grant(tokenId),
        rename: {
          before: claims,
          after: { ...claims, branch },
          from: { branch: "main" },
          audit: eventNamed("publisher.renamed"),
        },
      });
      const spend = (jti: string, wanted: NewGrant) =>
        stores.ledger.issue({ ...use(), replayKey: jti }, wanted, ISSUED);
      await stores.publishers.add(
        { ...publisher("p-2"), claims: { ...claims, branch: "taken" }, enabled: false },
        ISSUED,
      );
      expect(await spend("a", renamed("t-1", "taken"))).toEqual({ kind: "name-taken" });
      expect(await spend("a", renamed("t-1", "next"))).toEqual({ kind: "issued", use: 1 });
      expect(await stores.publishers.find("p-1")).toMatchObject({
        claims: { ...claims, branch: "next" },
        renamed: { from: { branch: "main" }, at: NOW },
      });
      expect(await spend("b", renamed("t-2", "other"))).toEqual({ kind: "publisher-changed" });
      expect(await spend("b", grant("t-2"))).toEqual({ kind: "issued", use: 1 });
      const events = (await stores.audit.entriesAfter(0, 20)).map(({ event }) => event);
      expect(events.slice(2)).toEqual(["publisher.renamed", "token.exchange", "token.exchange"]);
    });

    it("does not spend the token of a publisher that was frozen meanwhile", async () => {
      const frozen = { publisher: publisher("p-1"), change: { kind: "transfer", to: { repository_id: "2" } } } as const;
      await stores.attempts.record(attempt("a"), ISSUED, [{ ...frozen, audit: eventNamed("publisher.frozen") }]);
      expect(await stores.ledger.issue(use(), grant("t-1"), ISSUED)).toEqual({ kind: "publisher-gone" });
    });

    it("takes the grants of a publisher away with it", async () => {
      await stores.ledger.issue(use(), grant("t-1"), ISSUED);
      await stores.publishers.remove("p-1", eventNamed("publisher.remove"));
      expect(await stores.tokens.findGrant("t-1")).toBeUndefined();
    });

    it("writes nothing at all when the audit entry cannot be written", async () => {
      const unwritable = { ...ISSUED, detail: { ttl: Number.NaN } };
      await expect(stores.ledger.issue(use(), grant("t-1"), unwritable)).rejects.toThrow(RangeError);
      expect(await stores.tokens.findGrant("t-1")).toBeUndefined();
      expect(await stores.ledger.issue(use(), grant("t-1"), ISSUED)).toEqual({ kind: "issued", use: 1 });
    });
  });
}
