import { CLOCK_LEEWAY_SECONDS, checkTokenTimes } from "@postern/core/claims/token-times";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { describe, expect, it } from "vitest";
import { replayDeadline, replayKeyOf } from "./replay-key.ts";

const NOW = epochSeconds(1_795_000_000);

describe("replayDeadline", () => {
  it.each([
    ["a token that ends by its exp", { iat: NOW, exp: NOW + 300 }],
    ["a token that ends by its age", { iat: NOW - 100, exp: NOW + 999_999_999 }],
    ["a token with fractions", { iat: NOW - 0.5, exp: NOW + 0.7 }],
  ])("keeps a spent token longer than it can verify (%s)", (_what, claims) => {
    const verdict = checkTokenTimes(claims, NOW, 3600);
    if (verdict.kind !== "valid") throw new Error(verdict.kind);
    const deadline = replayDeadline(verdict.times);
    expect(checkTokenTimes(claims, deadline, 3600).kind).not.toBe("valid");
    expect(checkTokenTimes(claims, epochSeconds(deadline - CLOCK_LEEWAY_SECONDS), 3600).kind).not.toBe("valid");
  });
});

describe("replayKeyOf", () => {
  it("is the jti, or the digest of what was signed where there is none or an endless one", () => {
    const signed = Buffer.from("header.payload");
    const digest = replayKeyOf(undefined, signed);
    expect(replayKeyOf("jti-1", signed)).toBe("jti-1");
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(replayKeyOf("x".repeat(257), signed)).toBe(digest);
  });
});
