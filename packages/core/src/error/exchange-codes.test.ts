import { describe, expect, it } from "vitest";
import { EXCHANGE_CODES, exchangeCodeRow } from "./exchange-codes.ts";

describe("the table of codes", () => {
  it.each(Object.entries(EXCHANGE_CODES))("%s is a sentence and a remedy that any header can carry", (code, row) => {
    expect(code).toMatch(/^TP1\d{3}$/);
    for (const text of [row.meaning, row.remedy]) expect(text).toMatch(/^[A-Z][\x20-\x21\x23-\x5b\x5d-\x7e]*\.$/);
    // In one X-Error-Message of 300 characters there must be room for both, and for particulars.
    expect(row.meaning.length + row.remedy.length).toBeLessThan(220);
  });

  it("has no row for what is no code", () => {
    expect(exchangeCodeRow("TP1201")?.error).toBe("invalid_grant");
    expect(exchangeCodeRow("constructor")).toBeUndefined();
  });
});
