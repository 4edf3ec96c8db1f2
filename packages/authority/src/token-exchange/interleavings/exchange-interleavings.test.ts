import { expect, it } from "vitest";
import { OUTCOMES, performRuns, RUNS, SOAK_TIMEOUT_MS } from "./exchange-property.contract.ts";

it(
  "grants what the model allows and nothing else, whatever happens in between",
  async () => {
    const seen = await performRuns(RUNS, 0, false);
    expect(seen.get("runs")).toBeGreaterThanOrEqual(RUNS);
    for (const outcome of OUTCOMES) expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
  },
  SOAK_TIMEOUT_MS,
);

it(
  "does the same with keys that are fetched over HTTP",
  async () => {
    const seen = await performRuns(RUNS / 50, 1, true);
    for (const outcome of ["granted at 0", "TP1202", "TP1302", "rotate-issuer", "restart"])
      expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
  },
  SOAK_TIMEOUT_MS,
);
