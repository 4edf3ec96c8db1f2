import { expect, it } from "vitest";
import { limitsOfFile, parseLimits } from "./limit-settings.ts";

it("fills in what the file does not name", () => {
  expect(parseLimits(limitsOfFile((name) => (name === "token_failures" ? 3 : undefined)) ?? {})).toEqual({
    refusedPerMinute: 60,
    dryRunsPerMinute: 60,
    unknownKeysPerMinute: 6,
    grantsPerMinute: 0,
    tokenFailures: 3,
    refusalFloorMs: 10,
  });
});

it.each([-1, 1.5, 1_000_001, Number.NaN])("refuses %d with the limit's name and an example", (value) => {
  expect(() => parseLimits({ refusedPerMinute: value })).toThrow(/limits\.refused_per_minute.*refused_per_minute: 60/s);
});
