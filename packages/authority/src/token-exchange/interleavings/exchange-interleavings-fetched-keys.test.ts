import { expect, it } from "vitest";
import { startIssuer } from "../local-issuer.contract.ts";
import { OUTCOMES, performRuns, RUNS, SOAK_TIMEOUT_MS } from "./exchange-property.contract.ts";

// The other half in a file of its own, so that two processors share the work.
it(
  "grants what the model allows and nothing else, in as many other runs",
  async () => {
    const seen = await performRuns(RUNS / 2, 1);
    for (const outcome of OUTCOMES) expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
  },
  SOAK_TIMEOUT_MS,
);

it(
  "does the same with keys that are fetched over HTTP",
  async () => {
    const http = await startIssuer([]);
    try {
      const seen = await performRuns(RUNS / 50, 2, http);
      for (const outcome of ["granted at 0", "TP1202", "TP1302", "rotate-issuer", "restart"])
        expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
    } finally {
      await http.close();
    }
  },
  SOAK_TIMEOUT_MS,
);
