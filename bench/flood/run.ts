import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { subjectToken } from "../exchange/subject-tokens.ts";
import { ADMIN_TOKEN, exchangeBody, type HubProcess, startHubProcess } from "../harness/hub-process.ts";
import { describeMachine } from "../harness/machine.ts";
import { pinSelf } from "../harness/measured-process.ts";
import { median } from "../harness/median.ts";
import { type PacedResult, sendPaced } from "../harness/paced-load.ts";
import { type FloodIssuer, startFloodIssuer } from "./flood-issuer.ts";

/**
 * p99 of good exchanges, quiet and while tokens with random key ids arrive and one issuer hangs, in turns; and what the issuers are asked.
 *
 *     npm run bench -- flood [--rounds 5] [--seconds 5] [--good 300] [--flood 1000] [--hanging 50] [--cases 1,2,3]
 *
 * The numbers of `--good`, `--flood` and `--hanging` are requests per second, sent whatever the answers do. All limits are the defaults.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    good: { type: "string", default: "300" },
    flood: { type: "string", default: "1000" },
    hanging: { type: "string", default: "50" },
    cases: { type: "string", default: "1,2,3" },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const rates = { good: Number(values.good), flood: Number(values.flood), hanging: Number(values.hanging) };
const GOOD_ADDRESS = "127.0.0.1";
const REPOSITORY = "acme/train";

interface Scenario {
  readonly name: string;
  readonly addressOf: (index: number) => string;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "flood from one other address", addressOf: () => "127.0.0.2" },
  { name: "flood from the address of the good", addressOf: () => GOOD_ADDRESS },
  // Each stays within its own limit, so every refusal is explained and written down.
  {
    name: "flood from 1000 addresses",
    addressOf: (index) => `127.0.${1 + (Math.floor(index / 250) % 4)}.${1 + (index % 250)}`,
  },
];

console.log(
  `flood: ${rounds} rounds of ${seconds} s quiet and ${seconds} s under attack; per second ${rates.good} good, ${rates.flood} with random key ids, ${rates.hanging} of the hanging issuer; ${describeMachine()}`,
);
pinSelf(1);
const cases = values.cases.split(",").map(Number);
for (const [index, scenario] of SCENARIOS.entries()) if (cases.includes(index + 1)) await run(scenario);

async function run({ name, addressOf }: Scenario): Promise<void> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "postern-bench-flood-"));
  const [issuer, hanging] = [await startFloodIssuer(), await startFloodIssuer()];
  const hub = await startHubProcess(dataDir, 0);
  try {
    await prepare(hub, issuer.origin, [issuer, hanging]);
    hanging.hang();
    await sendGood(hub, issuer, 6);
    const [askedBefore, hangingBefore] = [issuer.requests(), hanging.requests()];
    const [quiet, loud]: [PacedResult[], PacedResult[]] = [[], []];
    const floods: PacedResult[] = [];
    const load: { quiet: Load[]; loud: Load[] } = { quiet: [], loud: [] };
    // The first round of both only lets the compiler see the hot functions.
    for (let round = 0; round <= rounds; round++) {
      const calm = await measured(hub, () => sendGood(hub, issuer, seconds));
      const hangingBody = exchangeBody(subjectToken(hanging.origin, hub.url), REPOSITORY);
      const attacked = await measured(hub, () =>
        Promise.all([
          sendGood(hub, issuer, seconds),
          sendPaced(target(hub), {
            perSecond: rates.flood,
            seconds,
            next: (index) => ({ body: floodBody(issuer, hub), localAddress: addressOf(index) }),
          }),
          sendPaced(target(hub), {
            perSecond: rates.hanging,
            seconds,
            next: () => ({ body: hangingBody, localAddress: "127.0.0.3" }),
          }),
        ]),
      );
      const [good, ...bad] = attacked.result;
      floods.push(...bad);
      if (round === 0) continue;
      quiet.push(calm.result);
      load.quiet.push(calm.load);
      loud.push(good);
      load.loud.push(attacked.load);
    }
    for (const { statuses, sent } of [...quiet, ...loud])
      if (statuses.get(200) !== sent) throw new Error(`good tokens were refused: ${JSON.stringify([...statuses])}`);
    const attackSeconds = (rounds + 1) * seconds;
    console.log(`${name}:
  good, quiet         p50 ${of(quiet, 0.5).toFixed(2)} ms, p99 ${of(quiet, 0.99).toFixed(2)} ms; ${describe(load.quiet)}
  good, under attack  p50 ${of(loud, 0.5).toFixed(2)} ms, p99 ${of(loud, 0.99).toFixed(2)} ms; ${describe(load.loud)}
  requests were sent late by at most (median of the rounds) ${latest(quiet)} ms when quiet, ${latest(loud)} ms under attack
  p99, attack / quiet ${ratio(quiet, loud, 0.99)}; p50 ${ratio(quiet, loud, 0.5)}
  answers to the attack, by status: ${JSON.stringify(Object.fromEntries(sum(floods)))}
  asked in ${attackSeconds} s of attack and ${attackSeconds} s of quiet: ${issuer.requests() - askedBefore} requests to the issuer of the flood, ${hanging.requests() - hangingBefore} to the one that hangs; peak memory ${hub.peakMemory().toFixed(0)} MiB`);
  } finally {
    await hub.stop();
    issuer.close();
    hanging.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** What the server did while something ran, per second. */
interface Load {
  /** CPU seconds of all its threads. */
  readonly busy: number;
  /** Seconds that its main thread was ready and had no CPU: other threads of it, or other programs. */
  readonly waited: number;
}

async function measured<T>(
  hub: HubProcess,
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly load: Load }> {
  const [busy, waited, started] = [hub.cpuSeconds(), hub.waitedSeconds(), performance.now()];
  const result = await run();
  const took = (performance.now() - started) / 1000;
  return {
    result,
    load: { busy: (hub.cpuSeconds() - busy) / took, waited: (hub.waitedSeconds() - waited) / took },
  };
}

function describe(loads: readonly Load[]): string {
  return `CPU busy ${percent(loads.map(({ busy }) => busy))}, waiting for it ${percent(loads.map(({ waited }) => waited))}`;
}

function sendGood(hub: HubProcess, issuer: FloodIssuer, forSeconds: number): Promise<PacedResult> {
  // Signed beforehand: the load must not wait for a signature.
  const bodies = Array.from({ length: rates.good * forSeconds }, () =>
    exchangeBody(subjectToken(issuer.origin, hub.url), REPOSITORY),
  );
  return sendPaced(target(hub), {
    perSecond: rates.good,
    seconds: forSeconds,
    next: (index) => ({ body: bodies[index] ?? "", localAddress: GOOD_ADDRESS }),
  });
}

/** A token of the good issuer with an invented key id and no valid signature: nothing better can be had without the key. */
function floodBody(issuer: FloodIssuer, hub: HubProcess): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const header = encode({ alg: "RS256", kid: randomUUID(), typ: "JWT" });
  const claims = encode({
    iss: issuer.origin,
    aud: hub.url,
    sub: "repo:acme/train:ref:refs/heads/main",
    jti: randomUUID(),
    iat: now,
    exp: now + 600,
  });
  return exchangeBody(`${header}.${claims}.${randomBytes(256).toString("base64url")}`, REPOSITORY);
}

function target(hub: HubProcess): { readonly host: string; readonly port: number; readonly path: string } {
  return { host: "127.0.0.1", port: hub.port, path: "/oauth/token" };
}

async function prepare(hub: HubProcess, publisherIssuer: string, issuers: readonly FloodIssuer[]): Promise<void> {
  const claims = {
    repository: REPOSITORY,
    repository_id: "456789",
    repository_owner_id: "123456",
    workflow: "publish.yml",
    branch: "main",
  };
  const calls: readonly [string, unknown][] = [
    ["/api/repos/create", { organization: "acme", name: "train", type: "model" }],
    ...issuers.map(({ origin }): [string, unknown] => [
      "/api/postern/v1/issuers",
      { provider: "github", url: origin, allow_origins: [origin] },
    ]),
    ["/api/postern/v1/models/acme/train/publishers", { provider: "github", issuer: publisherIssuer, claims }],
  ];
  for (const [where, body] of calls) {
    const response = await fetch(`${hub.url}${where}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${where}: ${response.status} ${await response.text()}`);
  }
}

function at({ latencies }: PacedResult, share: number): number {
  return latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
}

function of(results: readonly PacedResult[], share: number): number {
  return median(results.map((result) => at(result, share)));
}

function ratio(quiet: readonly PacedResult[], loud: readonly PacedResult[], share: number): string {
  const ratios = loud.map((result, round) => {
    const base = quiet[round];
    return base === undefined ? Number.NaN : at(result, share) / at(base, share);
  });
  return `× ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`;
}

function latest(results: readonly PacedResult[]): string {
  return median(results.map(({ latestMs }) => latestMs)).toFixed(1);
}

function percent(shares: readonly number[]): string {
  return `${Math.round(median(shares) * 100)} %`;
}

function sum(results: readonly PacedResult[]): Map<number, number> {
  const total = new Map<number, number>();
  for (const { statuses } of results)
    for (const [status, count] of statuses) total.set(status, (total.get(status) ?? 0) + count);
  return total;
}
