import { expect, it } from "vitest";
import { parseRequestLimits, requestLimitsOfFile } from "./request-limit-settings.ts";

it("fills in what the file does not name", () => {
  const named = requestLimitsOfFile((name) => (name === "api_anonymous" ? 7 : undefined)) ?? {};
  expect(parseRequestLimits(named)).toEqual({
    api: 25_000,
    apiAnonymous: 7,
    resolve: 250_000,
    resolveAnonymous: 50_000,
  });
});

it.each([-1, 1.5, Number.NaN])("refuses %d with the limit's name and an example", (value) => {
  expect(() => parseRequestLimits({ resolve: value })).toThrow(/request_limits\.resolve.*resolve: 250000/s);
});
