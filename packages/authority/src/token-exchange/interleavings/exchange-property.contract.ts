import { randomInt } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { LaneOrder } from "./exchange-lane.contract.ts";
import { memoryFolder } from "./memory-folder.contract.ts";

/** Runs in all; a longer soak: `POSTERN_TEST_RUNS=100000 npx vitest run exchange-interleavings`. */
export const RUNS: number = Number(process.env.POSTERN_TEST_RUNS ?? 5000);
export const SOAK_TIMEOUT_MS: number = 120_000 + RUNS * 60;
const SEED = Number(process.env.POSTERN_TEST_SEED ?? randomInt(2 ** 31));
/** Threads with a database each. A fixed number, so that a seed means the same runs on every machine; few runs are not worth a second. */
const LANES = 4;
const RUNS_WORTH_LANES = 400;
const LANE = new URL("exchange-lane.contract.ts", import.meta.url);

/** What random runs must have reached, or they show nothing. */
export const OUTCOMES: readonly string[] = [
  "granted at 0",
  "granted at 1",
  "granted at 2",
  "no publisher",
  "TP1202",
  "TP1301",
  "TP1302",
  "TP1401",
  "TP1403",
  "TP1404",
  "TP1501",
  "TP1601",
  "TP1602",
  "TP1604",
  "TP1907",
  "race granted",
  "race TP1904",
  "live token",
  "dead token",
  "signed by an older key",
  "restart",
];

/**
 * Performs random runs on several threads.
 *
 * @param offset - Sets these runs apart from those of another call.
 * @returns how often each thing came about.
 * @throws what a thread found, with the shortest run that shows it.
 */
export async function performRuns(
  numRuns: number,
  offset: number,
  fetchesKeys: boolean,
): Promise<ReadonlyMap<string, number>> {
  const lanes = numRuns < RUNS_WORTH_LANES ? 1 : LANES;
  const folder = memoryFolder("postern-interleavings-");
  const workers = Array.from({ length: lanes }, (_, lane) => {
    const seed = SEED + LANES * offset + lane;
    const workerData: LaneOrder = { directory: folder, numRuns: Math.ceil(numRuns / lanes), seed, fetchesKeys };
    return new Worker(LANE, { workerData });
  });
  const seen = new Map<string, number>();
  try {
    for (const [counts] of await Promise.all(workers.map((worker) => once(worker, "message"))))
      for (const [what, count] of counts) seen.set(what, (seen.get(what) ?? 0) + count);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    rmSync(folder, { recursive: true });
    const counts = [...seen].map(([what, count]) => `${what}: ${count}`).toSorted();
    console.info(`seed ${SEED}: set POSTERN_TEST_SEED to repeat\n  ${counts.join("\n  ")}`);
  }
  return seen;
}
