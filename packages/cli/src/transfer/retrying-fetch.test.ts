import { describe, expect, it } from "vitest";
import { retryingFetch } from "./retrying-fetch.ts";

type Step = number | Error | Response;

function scripted(...steps: readonly Step[]) {
  const waits: number[] = [];
  let calls = 0;
  const send: typeof fetch = async () => {
    const step = steps[calls++] ?? 200;
    if (step instanceof Error) throw step;
    return step instanceof Response ? step : new Response("", { status: step });
  };
  const sleep = async (milliseconds: number): Promise<void> => void waits.push(milliseconds);
  const { signal } = new AbortController();
  return { call: retryingFetch(send, { signal, sleep }), waits, calls: () => calls };
}

const broken = new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
const refused = new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { code: "ECONNREFUSED" }) });

describe("retryingFetch", () => {
  it("waits longer each time until the failure has passed", async () => {
    const { call, waits } = scripted(503, broken, 502, 200);
    expect((await call("http://h/")).status).toBe(200);
    expect(waits).toEqual([500, 1000, 2000]);
  });

  it("honours Retry-After, up to a minute", async () => {
    const later = (seconds: string) => new Response("", { status: 429, headers: { "retry-after": seconds } });
    const { call, waits } = scripted(later("3"), later("9999"), 200);
    await call("http://h/");
    expect(waits).toEqual([3000, 60_000]);
  });

  it("gives the last answer when it does not pass", async () => {
    const { call, calls } = scripted(503, 503, 503, 503, 503, 200);
    expect((await call("http://h/", { method: "PUT" })).status).toBe(503);
    expect(calls()).toBe(5);
  });

  it.each<[string, RequestInit, Step]>([
    ["a commit", { method: "POST" }, 503],
    ["a refusal", {}, 403],
    ["a missing file", {}, 404],
  ])("never repeats %s", async (_what, init, step) => {
    const { call, calls } = scripted(step, 200);
    await call("http://h/", init);
    expect(calls()).toBe(1);
  });

  it("says at once that nobody is listening", async () => {
    const { call, calls } = scripted(refused, 200);
    await expect(call("http://h/")).rejects.toBe(refused);
    expect(calls()).toBe(1);
  });
});
