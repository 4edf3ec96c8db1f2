import { randomBytes } from "node:crypto";
import { addSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { describe, expect, it } from "vitest";
import { isPersonalTokenText, newPersonalTokenText } from "./personal-token-text.ts";
import { timeOrderedId } from "./token-id.ts";

describe("newPersonalTokenText", () => {
  it("is hf_ and 34 letters and digits, another one each time", () => {
    const texts = Array.from({ length: 200 }, () => newPersonalTokenText(randomBytes));
    for (const text of texts) expect(text).toMatch(/^hf_[A-Za-z0-9]{34}$/);
    expect(new Set(texts).size).toBe(200);
  });

  it("throws away bytes that would favour some letters", () => {
    const chunks = [Buffer.alloc(34, 255), Buffer.alloc(34, 248), Buffer.alloc(34, 61)];
    expect(newPersonalTokenText(() => chunks.shift() ?? Buffer.alloc(34))).toBe(`hf_${"9".repeat(34)}`);
  });
});

describe("isPersonalTokenText", () => {
  it.each(["hf_abcdefghijklmnopq", "hf_a.b-c_defghijklmnopqrstu"])("takes %s", (text) => {
    expect(isPersonalTokenText(text)).toBe(true);
  });
  it.each([
    "",
    "hf_short",
    "abcdefghijklmnopqrstuvwxyz",
    "hf_jwt_abcdefghijklmnopqrst",
    "hf_oauth_abcdefghijklmnopqrst",
    "hf_abcdefghijklmno pqrstu",
  ])("refuses %j", (text) => {
    expect(isPersonalTokenText(text)).toBe(false);
  });
});

describe("timeOrderedId", () => {
  const at = epochSeconds(1_795_000_000);

  it("is a UUID version 7 that carries its time", () => {
    const id = timeOrderedId(at, randomBytes(16));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(at * 1000);
  });

  it("sorts after every id of an earlier second", () => {
    expect(timeOrderedId(at, Buffer.alloc(16, 255)) < timeOrderedId(addSeconds(at, 1), Buffer.alloc(16))).toBe(true);
  });

  it("needs 16 random bytes", () => {
    expect(() => timeOrderedId(at, randomBytes(15))).toThrow(RangeError);
  });
});
