import { describe, expect, it } from "vitest";
import { Turnstile } from "./turnstile.ts";

describe("Turnstile", () => {
  it("lets a few through in each turn of the event loop, in the order of their coming", async () => {
    const turnstile = new Turnstile(2);
    const passed: number[] = [];
    const all = Promise.all([0, 1, 2, 3, 4].map((index) => turnstile.pass().then(() => passed.push(index))));
    const seen: number[][] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push([...passed]);
    }
    await all;
    expect(seen).toEqual([
      [0, 1],
      [0, 1, 2, 3],
      [0, 1, 2, 3, 4],
    ]);
  });

  it("works again after it was empty", async () => {
    const turnstile = new Turnstile(1);
    await turnstile.pass();
    await expect(turnstile.pass()).resolves.toBeUndefined();
  });
});
