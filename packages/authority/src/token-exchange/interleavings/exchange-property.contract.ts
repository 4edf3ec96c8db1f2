import { randomInt } from "node:crypto";
import fc from "fast-check";
import type { LocalIssuer } from "../local-issuer.contract.ts";
import { ExchangeRun } from "./exchange-run.contract.ts";
import { EXCHANGE_STEPS } from "./exchange-step.contract.ts";
import { RestartableAuthority } from "./restartable-authority.contract.ts";

/** Runs in all, half of them in each file; a longer soak: `POSTERN_TEST_RUNS=100000 npx vitest run exchange-interleavings`. */
export const RUNS: number = Number(process.env.POSTERN_TEST_RUNS ?? 5000);
export const SOAK_TIMEOUT_MS: number = 120_000 + RUNS * 60;
const SEED = Number(process.env.POSTERN_TEST_SEED ?? randomInt(2 ** 31));

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
  "TP1907",
  "race granted",
  "race TP1904",
  "live token",
  "dead token",
  "signed by an older key",
  "restart",
];

/**
 * Performs random runs on two databases at once, so that one works while the other waits for the disk.
 *
 * @param offset - Added to the seed, so that no two calls perform the same runs.
 * @returns how often each thing came about.
 */
export async function performRuns(
  numRuns: number,
  offset: number,
  http?: LocalIssuer,
): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  await Promise.all([0, 1].map((lane) => performLane(Math.ceil(numRuns / 2), SEED + 2 * offset + lane, seen, http)));
  const counts = [...seen].map(([what, count]) => `${what}: ${count}`).toSorted();
  console.info(`seed ${SEED}: set POSTERN_TEST_SEED to repeat\n  ${counts.join("\n  ")}`);
  return seen;
}

async function performLane(
  numRuns: number,
  seed: number,
  seen: Map<string, number>,
  http: LocalIssuer | undefined,
): Promise<void> {
  const authority = await RestartableAuthority.open(http === undefined ? [] : [http.origin]);
  try {
    await fc.assert(
      fc.asyncProperty(EXCHANGE_STEPS, async (steps) => {
        seen.set("runs", (seen.get("runs") ?? 0) + 1);
        seen.set("steps", (seen.get("steps") ?? 0) + steps.length);
        await new ExchangeRun(authority, http, seen).perform(steps);
      }),
      { numRuns, seed },
    );
  } catch (error) {
    console.info(`seed ${SEED}: set POSTERN_TEST_SEED to repeat`);
    throw error;
  } finally {
    await authority.close();
  }
}
