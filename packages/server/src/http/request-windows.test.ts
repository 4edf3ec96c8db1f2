import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { expect, it } from "vitest";
import { RequestWindows } from "./request-windows.ts";

function at(start: number): { now: () => EpochSeconds; set: (time: number) => void } {
  let time = start;
  return {
    now: () => epochSeconds(time),
    set: (next) => {
      time = next;
    },
  };
}

it("gives a whole share again when the window is over, and not before", () => {
  const clock = at(1000);
  const windows = new RequestWindows(clock);
  expect(windows.count("a", 1)).toEqual({ allowed: true, left: 0, resetSeconds: 300 });
  clock.set(1299);
  expect(windows.count("a", 1)).toEqual({ allowed: false, left: 0, resetSeconds: 1 });
  expect(windows.count("b", 1).allowed).toBe(true);
  clock.set(1300);
  expect(windows.count("a", 1).allowed).toBe(true);
});

it("does not shut anybody out for ever when the clock is set back", () => {
  const clock = at(1_000_000);
  const windows = new RequestWindows(clock);
  windows.count("a", 1);
  clock.set(1000);
  expect(windows.count("a", 1).allowed).toBe(true);
});

it("remembers a bounded number of callers", () => {
  const windows = new RequestWindows(at(1000));
  windows.count("first", 1);
  for (let index = 0; index < 20_000; index++) windows.count(`other ${index}`, 1);
  expect(windows.count("first", 1).allowed).toBe(true);
});
