import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startServer } from "@postern/server";
import { subjectToken } from "../exchange/subject-tokens.ts";
import { ADMIN_TOKEN, exchangeBody, type HubProcess, startHubProcess } from "../harness/hub-process.ts";
import { type LoadResult, sendAll } from "../harness/load-generator.ts";
import { describeMachine } from "../harness/machine.ts";
import { pinSelf } from "../harness/measured-process.ts";
import { median } from "../harness/median.ts";
import { fillPublishers, repositoryOf } from "./fill-publishers.ts";
import { startManyIssuers } from "./many-issuers.ts";

/**
 * What an exchange costs beside few and beside many stored publishers and issuers: rate, CPU time and resident memory, in interleaved
 * rounds of one run. Every token is for a publisher chosen at random, from that publisher's issuer.
 *
 *     npm run bench -- scale [--sizes 10:10,10000:100,1000000:10000] [--active 10] [--rounds 5] [--requests 2000] [--connections 32]
 *
 * `--active` is how many of the publishers are used, the same number beside every size; without it all of them are.
 */
const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "10:10,10000:100,1000000:10000" },
    active: { type: "string" },
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "2000" },
    connections: { type: "string", default: "32" },
  },
});
const [rounds, requests, connections] = [Number(values.rounds), Number(values.requests), Number(values.connections)];
/** Enough for the compiler to have seen the hot functions; the issuers' keys are fetched besides. */
const WARM_UP_REQUESTS = 2000;

interface Contestant {
  readonly publishers: number;
  readonly issuers: number;
  readonly databaseMiB: number;
  readonly hub: HubProcess;
  /** Resident memory, in MiB. */
  readonly memoryAtStart: number;
  readonly results: (LoadResult & { readonly cpuMicroseconds: number })[];
}

const folder = mkdtempSync(path.join(tmpdir(), "postern-bench-scale-"));
const issuers = await startManyIssuers();
const contestants: Contestant[] = [];
try {
  for (const size of values.sizes.split(",")) {
    const [publishers = 0, issuerCount = 0] = size.split(":").map(Number);
    contestants.push(await makeContestant(publishers, issuerCount));
  }
  pinSelf(1);
  for (const contestant of contestants) await warmUp(contestant);
  for (let round = 0; round < rounds; round++)
    for (const contestant of round % 2 === 0 ? contestants : [...contestants].reverse())
      contestant.results.push(await exchange(contestant, requests));
  report();
} finally {
  await Promise.all(contestants.map(({ hub }) => hub.stop()));
  issuers.close();
  rmSync(folder, { recursive: true, force: true });
}

async function makeContestant(publishers: number, issuerCount: number): Promise<Contestant> {
  const dataDir = path.join(folder, String(publishers));
  const options = { port: 0, dataDir, bootstrapAdmin: "acme", adminToken: ADMIN_TOKEN, log: "silent" } as const;
  await (await startServer(options)).close();
  const started = performance.now();
  fillPublishers(dataDir, {
    publishers,
    issuers: issuerCount,
    issuerOrigin: issuers.origin,
    issuerUrl: (index) => issuers.urlOf(index),
  });
  const filled = performance.now();
  const hub = await startHubProcess(dataDir, 0);
  console.log(
    `${publishers} publishers, ${issuerCount} issuers: filled in ${((filled - started) / 1000).toFixed(1)} s, ready ${((performance.now() - filled) / 1000).toFixed(2)} s after its start`,
  );
  return {
    publishers,
    issuers: issuerCount,
    databaseMiB: statSync(path.join(dataDir, "postern.db")).size / 2 ** 20,
    hub,
    memoryAtStart: hub.residentMemory(),
    results: [],
  };
}

/** One token from each issuer, so that every issuer's keys are in memory, and enough others. */
async function warmUp(contestant: Contestant): Promise<void> {
  const before = issuers.requests();
  const everyIssuer = Array.from({ length: contestant.issuers }, (_, index) => bodyFor(contestant, index));
  await send(contestant, everyIssuer);
  console.log(
    `${contestant.publishers} publishers: the first token of each issuer caused ${issuers.requests() - before} requests to issuers`,
  );
  // As many for everybody: a compiler that has seen more makes a faster server.
  const most = Math.max(...contestants.map(({ issuers: count }) => count));
  await exchange(contestant, WARM_UP_REQUESTS + most - contestant.issuers);
}

async function exchange(
  contestant: Contestant,
  count: number,
): Promise<LoadResult & { readonly cpuMicroseconds: number }> {
  const bodies = Array.from({ length: count }, () => bodyFor(contestant, anyPublisher(contestant.publishers)));
  const before = contestant.hub.cpuSeconds();
  const result = await send(contestant, bodies);
  return { ...result, cpuMicroseconds: ((contestant.hub.cpuSeconds() - before) / result.requests) * 1e6 };
}

function anyPublisher(publishers: number): number {
  const active = Math.min(publishers, Number(values.active ?? publishers));
  // Far apart, and not all of one issuer.
  const stride = Math.max(1, Math.floor(publishers / active) - 1);
  return stride * Math.floor(Math.random() * active);
}

function bodyFor({ hub, issuers: issuerCount }: Contestant, index: number): string {
  const repository = repositoryOf(index);
  return exchangeBody(subjectToken(issuers.urlOf(index % issuerCount), hub.url, repository), repository);
}

async function send({ hub, publishers }: Contestant, bodies: readonly string[]): Promise<LoadResult> {
  const target = { host: "127.0.0.1", port: hub.port, path: "/oauth/token", contentType: "application/json" };
  const result = await sendAll(target, bodies, connections);
  if (result.failures > 0)
    throw new Error(`${publishers} publishers: ${result.failures} failed; first:\n${result.firstFailure}`);
  return result;
}

function report(): void {
  console.log(
    `scale: ${rounds} interleaved rounds of ${requests} exchanges on ${connections} connections, ${values.active ?? "all"} publishers in use; ${describeMachine()}; ratios to the smallest: median (min..max)`,
  );
  const [smallest] = contestants;
  for (const { publishers, issuers: issuerCount, databaseMiB, hub, memoryAtStart, results } of contestants) {
    const ratios = (pick: (result: Contestant["results"][number]) => number): string =>
      spread(
        results.map((result, round) => {
          const base = smallest?.results[round];
          return base === undefined ? Number.NaN : pick(result) / pick(base);
        }),
      );
    const middle = (pick: (result: Contestant["results"][number]) => number): number => median(results.map(pick));
    console.log(
      [
        `  ${publishers} publishers, ${issuerCount} issuers, database ${databaseMiB.toFixed(1)} MiB:`,
        `${middle((r) => r.perSecond).toFixed(0)}/s, rate × ${ratios((r) => r.perSecond)};`,
        `CPU ${middle((r) => r.cpuMicroseconds).toFixed(0)} µs, × ${ratios((r) => r.cpuMicroseconds)};`,
        `p50 ${middle((r) => r.p50).toFixed(1)} ms, p99 ${middle((r) => r.p99).toFixed(1)} ms;`,
        `resident MiB at start ${memoryAtStart.toFixed(0)}, at the end ${hub.residentMemory().toFixed(0)}, peak ${hub.peakMemory().toFixed(0)}`,
      ].join(" "),
    );
  }
}

function spread(ratios: readonly number[]): string {
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`;
}
