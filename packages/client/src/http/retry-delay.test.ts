import { describe, expect, it } from "vitest";
import { askedDelay, retryDelay } from "./retry-delay.ts";

const now = Date.parse("2026-11-21T11:00:00Z");

describe("the delay a server asks for", () => {
  it.each([
    ["seconds", { "retry-after": "7" }, 7000],
    ["a date", { "retry-after": "Sat, 21 Nov 2026 11:00:09 GMT" }, 9000],
    ["a date in the past", { "retry-after": "Sat, 21 Nov 2026 10:00:00 GMT" }, 0],
    ["the Hub's rate limit window", { ratelimit: '"api";r=0;t=55' }, 55_000],
    ["Retry-After before the window", { "retry-after": "3", ratelimit: '"api";r=0;t=55' }, 3000],
  ])("is read from %s", (_, headers, expected) => {
    expect(askedDelay(new Headers(Object.entries(headers)), now)).toBe(expected);
  });

  it.each(["", "soon", "-5", "1.5.x"])("is unknown for Retry-After '%s'", (value) => {
    expect(askedDelay(new Headers({ "retry-after": value }), now)).toBeUndefined();
  });
});

describe("the pause between attempts", () => {
  it("doubles, up to a limit, and lies between half and all of the step", () => {
    expect([1, 2, 3, 4, 5, 6, 9].map((attempt) => retryDelay(attempt, undefined, now, 0))).toEqual([
      250, 500, 1000, 2000, 4000, 4000, 4000,
    ]);
    expect(retryDelay(2, undefined, now, 0.5)).toBe(750);
  });

  it("is never shorter than what the server asks for", () => {
    const headers = new Headers({ "retry-after": "20" });
    expect(retryDelay(1, headers, now, 0)).toBe(20_000);
    expect(retryDelay(1, headers, now, 0.99)).toBeGreaterThan(20_000);
  });

  it("is no hot loop when the server asks for none", () => {
    expect(retryDelay(1, new Headers({ "retry-after": "0" }), now, 0)).toBe(250);
  });
});
