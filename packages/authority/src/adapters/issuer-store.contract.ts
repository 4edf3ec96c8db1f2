import type { Issuer } from "@postern/core/issuer/issuer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  eventNamed,
  GITHUB,
  issuerUrl,
  type OpenedStores,
  type OpenStores,
  publisher,
} from "./store-fixtures.contract.ts";

const ISSUER: Issuer = {
  id: "i-1",
  provider: "github",
  url: GITHUB,
  allowOrigins: ["http://127.0.0.1:9000"],
  enabled: true,
};

/** What every `IssuerStore` promises. */
export function describeIssuerStore(open: OpenStores): void {
  describe("IssuerStore", () => {
    let stores: OpenedStores;

    beforeEach(async () => {
      stores = await open();
      await stores.issuers.add(ISSUER, eventNamed("issuer.add"));
    });
    afterEach(() => stores.close());

    it("finds by the exact text of the URL and gives back what was stored", async () => {
      expect(await stores.issuers.findByUrl(GITHUB)).toEqual(ISSUER);
      expect(await stores.issuers.findByUrl(issuerUrl(`${GITHUB}/`))).toBeUndefined();
      expect(await stores.issuers.find("i-1")).toEqual(ISSUER);
      expect(await stores.issuers.list()).toEqual([ISSUER]);
    });

    it("stores one URL once", async () => {
      expect(await stores.issuers.add({ ...ISSUER, id: "i-2" }, eventNamed("issuer.add"))).toBe("exists");
      expect((await stores.audit.head()).seq).toBe(1);
    });

    it("keeps uploaded keys, replaces them, and turns no fetched issuer into an uploaded one", async () => {
      const url = issuerUrl("https://kubernetes.default.svc");
      const uploaded: Issuer = { ...ISSUER, id: "i-3", url, keySet: '{"keys":[]}' };
      await stores.issuers.add(uploaded, eventNamed("issuer.add"));
      expect(await stores.issuers.findByUrl(url)).toEqual(uploaded);
      const event = eventNamed("issuer.change");
      expect(await stores.issuers.replaceKeys("i-3", '{"keys":[1]}', event)).toBe("replaced");
      expect((await stores.issuers.find("i-3"))?.keySet).toBe('{"keys":[1]}');
      const { seq } = await stores.audit.head();
      expect(await stores.issuers.replaceKeys("i-1", "{}", event)).toBe("missing");
      expect(await stores.issuers.find("i-1")).toEqual(ISSUER);
      expect((await stores.audit.head()).seq).toBe(seq);
    });

    it("keeps an issuer that a publisher names", async () => {
      await stores.publishers.add(publisher("p-1"), eventNamed("publisher.add"));
      expect(await stores.issuers.remove("i-1", eventNamed("issuer.remove"))).toBe("in-use");
      await stores.publishers.remove("p-1", eventNamed("publisher.remove"));
      expect(await stores.issuers.remove("i-1", eventNamed("issuer.remove"))).toBe("removed");
      expect(await stores.issuers.remove("i-1", eventNamed("issuer.remove"))).toBe("missing");
    });
  });
}
