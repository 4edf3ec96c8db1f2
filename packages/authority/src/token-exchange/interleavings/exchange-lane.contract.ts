import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import fc from "fast-check";
import { startIssuer } from "../local-issuer.contract.ts";
import { ExchangeRun } from "./exchange-run.contract.ts";
import { EXCHANGE_STEPS } from "./exchange-step.contract.ts";
import { RestartableAuthority } from "./restartable-authority.contract.ts";

/** What one thread has to do: random runs, one after the other on one database. */
export interface LaneOrder {
  /** Where its database goes, under a name of its own. */
  readonly directory: string;
  readonly numRuns: number;
  readonly seed: number;
  /** Over HTTP; otherwise the issuers' keys are uploaded. */
  readonly fetchesKeys: boolean;
}

async function performLane({ directory, numRuns, seed, fetchesKeys }: LaneOrder): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  const http = fetchesKeys ? await startIssuer([]) : undefined;
  const authority = await RestartableAuthority.open(
    join(directory, `${seed}.db`),
    http === undefined ? [] : [http.origin],
  );
  try {
    await fc.assert(
      fc.asyncProperty(EXCHANGE_STEPS, async (steps) => {
        seen.set("runs", (seen.get("runs") ?? 0) + 1);
        seen.set("steps", (seen.get("steps") ?? 0) + steps.length);
        await new ExchangeRun(authority, http, seen).perform(steps);
      }),
      { numRuns, seed },
    );
    return seen;
  } finally {
    await authority.close();
    await http?.close();
  }
}

parentPort?.postMessage(await performLane(workerData));
