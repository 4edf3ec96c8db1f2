import { expect, it } from "vitest";
import { connectionsOfFile, parseConnections } from "./connection-settings.ts";

it("fills in what the file does not name", () => {
  const named = connectionsOfFile((name) => (name === "per_address" ? 7 : undefined)) ?? {};
  expect(parseConnections(named)).toEqual({ perAddress: 7, bodyGraceSeconds: 60, bodyBytesPerSecond: 1024 });
});

it.each([-1, 1.5, Number.NaN])("refuses %d with the limit's name and an example", (value) => {
  expect(() => parseConnections({ bodyBytesPerSecond: value })).toThrow(
    /connections\.body_bytes_per_second.*body_bytes_per_second: 1024/s,
  );
});
