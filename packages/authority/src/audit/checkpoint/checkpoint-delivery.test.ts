import { describe, expect, it } from "vitest";
import { CheckpointDelivery } from "./checkpoint-delivery.ts";

/** A sink that takes notes while it is up, and a delivery whose pauses end when the test says so. */
function stage(isUp = true) {
  const taken: string[] = [];
  const heard: string[] = [];
  const pauses: number[] = [];
  let goOn: (() => void) | undefined;
  const state = { isUp };
  const delivery = new CheckpointDelivery({
    sink: {
      name: "test",
      send: async (note) => {
        if (!state.isUp) throw new Error("down");
        taken.push(note);
      },
    },
    onFailed: async (sink) => void heard.push(`${sink} failed`),
    onRecovered: async (sink) => void heard.push(`${sink} recovered`),
    pause: (ms, signal) =>
      new Promise((resolve) => {
        pauses.push(ms);
        goOn = resolve;
        signal.addEventListener("abort", () => resolve());
      }),
  });
  return { taken, heard, pauses, state, delivery, goOn: () => goOn?.() };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("CheckpointDelivery", () => {
  it("brings notes in order", async () => {
    const { delivery, taken } = stage();
    for (const note of ["1", "2", "3"]) delivery.enqueue(note);
    await settled();
    expect(taken).toEqual(["1", "2", "3"]);
  });

  it("tries again with longer and longer pauses, says once that it fails and once that it works again", async () => {
    const { delivery, taken, heard, pauses, state, goOn } = stage(false);
    delivery.enqueue("1");
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await settled();
      goOn();
    }
    await settled();
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect([delivery.isFailing, delivery.waiting, heard]).toEqual([true, 1, ["test failed"]]);
    delivery.enqueue("2");
    state.isUp = true;
    goOn();
    await settled();
    expect([delivery.isFailing, delivery.waiting, heard]).toEqual([false, 0, ["test failed", "test recovered"]]);
    expect(taken).toEqual(["1", "2"]);
  });

  it("keeps a bounded number of notes, the newest ones", async () => {
    const { delivery, taken, state, goOn } = stage(false);
    for (let note = 1; note <= 200; note += 1) delivery.enqueue(String(note));
    expect(delivery.waiting).toBe(64);
    await settled();
    state.isUp = true;
    goOn();
    await settled();
    expect(taken).toEqual(Array.from({ length: 64 }, (_, index) => String(137 + index)));
  });

  it("makes a last attempt with the newest note when it is closed", async () => {
    const { delivery, taken, state } = stage(false);
    delivery.enqueue("1");
    delivery.enqueue("2");
    await settled();
    state.isUp = true;
    await delivery.close(1000);
    expect(taken).toEqual(["2"]);
  });
});
