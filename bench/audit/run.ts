import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { startServer } from "@postern/server";
import { type AuditVerdict, exportAuditData, verifyAuditData, verifyAuditFile } from "@postern/server/audit";
import { startIssuer } from "../exchange/issuer.ts";
import { subjectToken } from "../exchange/subject-tokens.ts";
import { type LoadResult, sendAll } from "../harness/load-generator.ts";
import { describeMachine } from "../harness/machine.ts";
import { type MeasuredProcess, pinSelf, startMeasured } from "../harness/measured-process.ts";
import { median } from "../harness/median.ts";
import { fillLog } from "./fill-log.ts";

/**
 * The audit log at size: how fast it is verified (hash chain, Merkle tree and signed checkpoints together), and what an exchange costs
 * beside a short and a long log, in interleaved rounds of one run.
 *
 *     npm run bench -- audit [--entries 1000000] [--rounds 5] [--requests 3000] [--connections 32]
 */
const { values } = parseArgs({
  options: {
    entries: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "3000" },
    connections: { type: "string", default: "32" },
  },
});
const [entries, rounds] = [Number(values.entries), Number(values.rounds)];
const [requests, connections] = [Number(values.requests), Number(values.connections)];
const ADMIN_TOKEN = `hf_${"Bench1".repeat(6)}`;
const SHORT = 1000;

interface Contestant {
  readonly name: string;
  readonly url: string;
  readonly server: MeasuredProcess;
  readonly results: (LoadResult & { readonly cpuMicroseconds: number })[];
}

const folder = mkdtempSync(path.join(tmpdir(), "postern-bench-audit-"));
const longData = path.join(folder, "long");
const shortData = path.join(folder, "short");
const issuer = await startIssuer();
try {
  console.log(`audit: ${describeMachine()}`);
  await logOf(shortData, SHORT);
  await logOf(longData, entries);
  await measureVerification();
  await compareExchanges();
} finally {
  issuer.close();
  rmSync(folder, { recursive: true, force: true });
}

/** A data directory with so many entries, its tree and checkpoints made by the server itself. */
async function logOf(dataDir: string, count: number): Promise<void> {
  const options = { port: 0, dataDir, bootstrapAdmin: "acme", adminToken: ADMIN_TOKEN, log: "silent" } as const;
  await (await startServer(options)).close();
  fillLog(dataDir, count);
  const started = performance.now();
  await (await startServer(options)).close();
  const first = (performance.now() - started) / 1000;
  const again = performance.now();
  await (await startServer(options)).close();
  console.log(
    `${count} entries: first start and stop, which computes the tree, ${first.toFixed(2)} s; the next, ${((performance.now() - again) / 1000).toFixed(2)} s`,
  );
}

async function measureVerification(): Promise<void> {
  const file = path.join(folder, "export.jsonl");
  const output = createWriteStream(file);
  await exportAuditData(longData, output);
  output.end();
  await finished(output);
  console.log(`the export: ${Math.round(statSync(file).size / entries)} bytes an entry`);
  const checkpoints = path.join(longData, "checkpoints");
  await measureRuns("export, chain + tree + checkpoints", () => verifyAuditFile(file, { checkpoints }));
  await measureRuns("data directory, the same", () => verifyAuditData(longData));
  rmSync(file);
}

async function measureRuns(name: string, verify: () => Promise<AuditVerdict>): Promise<void> {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < 3; round++) {
    const [started, usage] = [performance.now(), process.cpuUsage()];
    const { chain } = await verify();
    if (chain.kind !== "intact" || chain.checkpoints === 0) throw new Error(`not verified: ${JSON.stringify(chain)}`);
    const { user, system } = process.cpuUsage(usage);
    wall.push(chain.entries / ((performance.now() - started) / 1000));
    cpu.push(chain.entries / ((user + system) / 1e6));
  }
  console.log(
    `verify ${name}: ${Math.round(median(wall))} entries/s (min ${Math.round(Math.min(...wall))}), ${Math.round(median(cpu))} entries per CPU second`,
  );
}

async function compareExchanges(): Promise<void> {
  const contestants = [await serve(`${SHORT} entries`, shortData, 0), await serve(`${entries} entries`, longData, 0)];
  try {
    for (const { url } of contestants) await prepare(url);
    pinSelf(1);
    // Round 0 warms up and is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const contestant of round % 2 === 0 ? contestants : [...contestants].reverse())
        await exchange(contestant, round > 0);
    }
  } finally {
    await Promise.all(contestants.map(({ server }) => server.stop()));
  }
  console.log(`exchange: ${rounds} interleaved rounds of ${requests} on ${connections} connections; median (min..max)`);
  const [short] = contestants;
  for (const { name, results } of contestants) {
    const ratios = results.map(({ perSecond }, round) => perSecond / (short?.results[round]?.perSecond ?? Number.NaN));
    const cpuRatios = results.map(
      ({ cpuMicroseconds }, round) => cpuMicroseconds / (short?.results[round]?.cpuMicroseconds ?? Number.NaN),
    );
    console.log(
      `  ${name.padEnd(18)} ${Math.round(median(results.map(({ perSecond }) => perSecond)))}/s  p99 ${median(results.map(({ p99 }) => p99)).toFixed(1)} ms  CPU ${Math.round(median(results.map(({ cpuMicroseconds }) => cpuMicroseconds)))} µs  rate ${spread(ratios)}  CPU ${spread(cpuRatios)}`,
    );
  }
}

async function serve(name: string, dataDir: string, cpu: number): Promise<Contestant> {
  const server = await startMeasured(
    [
      process.execPath,
      path.join(import.meta.dirname, "../../packages/cli/bin/postern.js"),
      "serve",
      "--json",
      "--port",
      "0",
      "--data",
      dataDir,
    ],
    {},
    (output) => /"url":"(http:\/\/[^"]+)"/.exec(output)?.[1],
    cpu,
  );
  return { name, url: server.ready, server, results: [] };
}

async function prepare(url: string): Promise<void> {
  const claims = {
    repository: "acme/train",
    repository_id: "456789",
    repository_owner_id: "123456",
    workflow: "publish.yml",
    branch: "main",
  };
  const calls: readonly [string, unknown][] = [
    ["/api/repos/create", { organization: "acme", name: "train", type: "model" }],
    ["/api/postern/v1/issuers", { provider: "github", url: issuer.url, allow_origins: [issuer.origin] }],
    ["/api/postern/v1/models/acme/train/publishers", { provider: "github", issuer: issuer.url, claims }],
  ];
  for (const [where, body] of calls) {
    const response = await fetch(`${url}${where}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${where}: ${response.status} ${await response.text()}`);
  }
}

async function exchange({ url, server, results, name }: Contestant, counts: boolean): Promise<void> {
  const bodies = Array.from({ length: requests }, () =>
    JSON.stringify({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      subject_token: subjectToken(issuer.url, url),
      resource: "acme/train",
    }),
  );
  const before = server.cpuSeconds();
  const target = {
    host: "127.0.0.1",
    port: Number(new URL(url).port),
    path: "/oauth/token",
    contentType: "application/json",
  };
  const result = await sendAll(target, bodies, connections);
  if (result.failures > 0) throw new Error(`${name}: ${result.failures} failed; first:\n${result.firstFailure}`);
  if (counts) results.push({ ...result, cpuMicroseconds: ((server.cpuSeconds() - before) / result.requests) * 1e6 });
}

function spread(ratios: readonly number[]): string {
  return `× ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`;
}
