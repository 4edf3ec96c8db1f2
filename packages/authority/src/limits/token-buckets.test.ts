import { addSeconds, type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { describe, expect, it } from "vitest";
import { ExchangeLimits, NO_LIMITS } from "./exchange-limits.ts";
import { FailureCounts } from "./failure-counts.ts";
import { TokenBuckets } from "./token-buckets.ts";

const START = epochSeconds(1_795_000_000);

function clockAt(time: EpochSeconds = START): { time: EpochSeconds; now(): EpochSeconds } {
  const clock = { time, now: () => clock.time };
  return clock;
}

describe("TokenBuckets", () => {
  it("holds a minute's worth and refills evenly", () => {
    const clock = clockAt();
    const buckets = new TokenBuckets({ name: "x", perMinute: 6 }, clock);
    for (let use = 0; use < 6; use += 1) expect(buckets.take("a").kind).toBe("taken");
    expect(buckets.take("a")).toMatchObject({ kind: "empty", retryAfterSeconds: 10 });
    clock.time = addSeconds(START, 10);
    expect(buckets.take("a").kind).toBe("taken");
    expect(buckets.take("a").kind).toBe("empty");
    clock.time = addSeconds(START, 3600);
    for (let use = 0; use < 6; use += 1) expect(buckets.take("a").kind).toBe("taken");
    expect(buckets.take("a").kind).toBe("empty");
  });

  it("counts each key by itself", () => {
    const buckets = new TokenBuckets({ name: "x", perMinute: 1 }, clockAt());
    expect(["a", "b", "a", "b"].map((key) => buckets.take(key).kind)).toEqual(["taken", "taken", "empty", "empty"]);
  });

  it("asks to be written down once a minute", () => {
    const clock = clockAt();
    const buckets = new TokenBuckets({ name: "x", perMinute: 1 }, clock);
    const reports = [0, 0, 1, 30, 59].map((offset) => {
      clock.time = addSeconds(START, offset);
      return buckets.take("a");
    });
    expect(reports.filter((taken) => taken.kind === "empty" && taken.report)).toHaveLength(1);
  });

  it("forgets the key that was used longest ago when it is full", () => {
    const buckets = new TokenBuckets({ name: "x", perMinute: 1 }, clockAt(), 3);
    for (const key of ["a", "b", "c", "a", "d"]) buckets.take(key);
    expect(buckets.size).toBe(3);
    expect(["a", "c", "d"].map((key) => buckets.has(key))).toEqual([false, false, false]);
    expect(buckets.has("b")).toBe(true);
  });

  it("limits nothing at 0, and remembers nothing", () => {
    const buckets = new TokenBuckets({ name: "x", perMinute: 0 }, clockAt());
    for (let use = 0; use < 100; use += 1) expect(buckets.take(String(use)).kind).toBe("taken");
    expect(buckets.size).toBe(0);
  });

  it("gives nothing away when the clock steps back", () => {
    const clock = clockAt();
    const buckets = new TokenBuckets({ name: "x", perMinute: 1 }, clock);
    buckets.take("a");
    clock.time = addSeconds(START, -600);
    expect(buckets.take("a").kind).toBe("empty");
  });
});

describe("FailureCounts", () => {
  it("refuses a token after its cap, and no other", () => {
    const counts = new FailureCounts(2, clockAt());
    counts.add("i", "a", addSeconds(START, 60));
    expect(counts.exceeded("i", "a")).toBe(false);
    counts.add("i", "a", addSeconds(START, 60));
    expect([counts.exceeded("i", "a"), counts.exceeded("i", "b"), counts.exceeded("j", "a")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("keeps a bounded number, and lets go of tokens that are of no use any more", () => {
    const clock = clockAt();
    const counts = new FailureCounts(1, clock, 10);
    for (let index = 0; index < 50; index += 1) counts.add("i", String(index), addSeconds(START, 60));
    expect(counts.size).toBe(10);
    clock.time = addSeconds(START, 61);
    counts.add("i", "late", addSeconds(START, 120));
    expect(counts.size).toBe(1);
  });
});

describe("a source address", () => {
  function limited(first: string, second: string): boolean {
    const limits = new ExchangeLimits({ ...NO_LIMITS, refusedPerMinute: 1 }, clockAt());
    limits.takeRefused(first);
    return limits.takeRefused(second).kind === "empty";
  }

  it.each([
    ["192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["::ffff:192.0.2.1", "192.0.2.1", true],
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true],
    ["2001:db8:1:2::1", "2001:0DB8:0001:0002:0:0:0:9", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["::1", "0:0:0:0:1::1", true],
  ])("%s and %s share a limit: %s", (first, second, shared) => {
    expect(limited(first, second)).toBe(shared);
  });
});
