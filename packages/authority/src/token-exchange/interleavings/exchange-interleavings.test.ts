import { expect, it } from "vitest";
import { OUTCOMES, performRuns, RUNS, SOAK_TIMEOUT_MS } from "./exchange-property.contract.ts";

it(
  "grants what the model allows and nothing else, whatever happens in between",
  async () => {
    const seen = await performRuns(RUNS / 2, 0);
    for (const outcome of OUTCOMES) expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
  },
  SOAK_TIMEOUT_MS,
);
