import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { type LoadResult, sendAll } from "../harness/load-generator.ts";
import { describeMachine } from "../harness/machine.ts";
import { type MeasuredProcess, pinSelf, startMeasured } from "../harness/measured-process.ts";
import { median } from "../harness/median.ts";
import { startIssuer } from "./issuer.ts";
import { keyPair, subjectToken } from "./subject-tokens.ts";

/**
 * Exchanges per second with everything on (replay, grant and audit durable), against the floor and the peer, in interleaved rounds of one run.
 *
 *     npm run bench -- exchange [--rounds 5] [--requests 4000] [--connections 32] [--free] [--profile DIR]
 *
 * Each server is alone at work in its turn, on the first CPU; the load comes from the second. `--free` lets the system place both.
 * `--profile` writes a CPU profile of our server into DIR; the figures of such a run are worth nothing.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "4000" },
    connections: { type: "string", default: "32" },
    free: { type: "boolean", default: false },
    profile: { type: "string" },
  },
});
const [rounds, requests, connections] = [Number(values.rounds), Number(values.requests), Number(values.connections)];

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
const ADMIN_TOKEN = `hf_${"Bench1".repeat(6)}`;
const SERVER_CPU = values.free ? undefined : 0;
/** Enough for the compiler to have seen the hot functions of every contestant. */
const WARM_UP_REQUESTS = 2000;

const LEGEND = `same    node:http; strict JSON, canonical base64url, RS256 verification, ES256 signature, digests of both tokens; stores nothing
least   node:http; JSON.parse, RS256 verification, ES256 signature; stores nothing
peer    oidc-provider with a custom grant: client lookup, RS256 verification, ES256 access token of its own; kept in memory
Postern Fastify; issuer, repo and publishers read from the database, every check of an exchange; replay entry, grant and hash-chained
        audit entry on the disk (fdatasync, shared by concurrent exchanges) before the answer; access log to /dev/null`;

interface Contestant {
  readonly name: string;
  readonly process: MeasuredProcess;
  readonly port: number;
  readonly contentType: string;
  readonly body: (token: string) => string;
  readonly results: (LoadResult & { readonly cpuMicroseconds: number })[];
}

const here = import.meta.dirname;
const json = (token: string): string =>
  JSON.stringify({
    grant_type: GRANT_TYPE,
    subject_token_type: ID_TOKEN,
    subject_token: token,
    resource: "acme/train",
  });
const form = (token: string): string =>
  new URLSearchParams({
    client_id: "bench",
    grant_type: GRANT_TYPE,
    subject_token_type: ID_TOKEN,
    subject_token: token,
    resource: "https://hub.bench.example",
  }).toString();

const issuer = await startIssuer();
const dataDir = mkdtempSync(path.join(tmpdir(), "postern-bench-"));
const pem = { BENCH_PUBLIC_KEY: keyPair.publicKey.export({ type: "spki", format: "pem" }).toString() };
const portOf = (output: string): number | undefined => {
  const port = /"port":(\d+)|"url":"http:\/\/127\.0\.0\.1:(\d+)/.exec(output);
  return port === null ? undefined : Number(port[1] ?? port[2]);
};

const startBare = (floor: "same" | "least"): Promise<MeasuredProcess & { readonly ready: number }> =>
  startMeasured(
    [process.execPath, path.join(here, "bare-server.ts")],
    { ...pem, BENCH_FLOOR: floor },
    portOf,
    SERVER_CPU,
  );
const bare = await startBare("same");
const least = await startBare("least");
const peer = await startMeasured(
  [process.execPath, path.join(here, "oidc-provider-server.ts")],
  pem,
  portOf,
  SERVER_CPU,
);
const postern = await startMeasured(
  [
    process.execPath,
    ...(values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`]),
    path.join(here, "../../packages/cli/bin/postern.js"),
    "serve",
    "--json",
    "--port",
    "0",
    "--data",
    dataDir,
    "--bootstrap-admin",
    "acme",
  ],
  { POSTERN_ADMIN_TOKEN: ADMIN_TOKEN },
  portOf,
  SERVER_CPU,
);
const contestants: readonly Contestant[] = [
  contestant("bare, same", bare, json),
  contestant("bare, least", least, json),
  contestant("peer, oidc-provider", peer, form),
  contestant("Postern", postern, json),
];
const audience = `http://127.0.0.1:${postern.ready}`;

try {
  await prepare(audience);
  if (!values.free) pinSelf(1);
  // Round 0 warms up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const tokens = Array.from({ length: round === 0 ? WARM_UP_REQUESTS : requests }, () =>
      subjectToken(issuer.url, audience),
    );
    const order = round % 2 === 0 ? contestants : [...contestants].reverse();
    for (const contestant of order) await measure(contestant, tokens, round > 0);
  }
  report();
} finally {
  await Promise.all(contestants.map(({ process: server }) => server.stop()));
  issuer.close();
  rmSync(dataDir, { recursive: true, force: true });
}

function contestant(
  name: string,
  server: MeasuredProcess & { readonly ready: number },
  body: (token: string) => string,
): Contestant {
  const contentType = body === form ? "application/x-www-form-urlencoded" : "application/json";
  return { name, process: server, port: server.ready, contentType, body, results: [] };
}

async function prepare(url: string): Promise<void> {
  const calls: readonly [string, unknown][] = [
    ["/api/repos/create", { organization: "acme", name: "train", type: "model" }],
    ["/api/postern/v1/issuers", { provider: "github", url: issuer.url, allow_origins: [issuer.origin] }],
    [
      "/api/postern/v1/models/acme/train/publishers",
      {
        provider: "github",
        issuer: issuer.url,
        claims: {
          repository: "acme/train",
          repository_id: "456789",
          repository_owner_id: "123456",
          workflow: "publish.yml",
          branch: "main",
        },
      },
    ],
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

async function measure(contestant: Contestant, tokens: readonly string[], counts: boolean): Promise<void> {
  const bodies = tokens.map(contestant.body);
  const before = contestant.process.cpuSeconds();
  const target = {
    host: "127.0.0.1",
    port: contestant.port,
    path: "/oauth/token",
    contentType: contestant.contentType,
  };
  const result = await sendAll(target, bodies, connections);
  if (result.failures > 0)
    throw new Error(
      `${contestant.name}: ${result.failures} of ${result.requests} failed; first:\n${result.firstFailure}`,
    );
  const cpuMicroseconds = ((contestant.process.cpuSeconds() - before) / result.requests) * 1e6;
  if (counts) contestant.results.push({ ...result, cpuMicroseconds });
}

function report(): void {
  const ours = contestants.at(-1);
  if (ours === undefined) return;
  console.log(
    `exchange: ${rounds} interleaved rounds of ${requests} requests on ${connections} connections${values.free ? ", not pinned" : ""}; ${describeMachine()}\n${LEGEND}`,
  );
  console.log(
    "median of rounds        per second   p50 ms   p99 ms   CPU µs   peak MiB   Postern / this: rate (min..max)   CPU, inverse (min..max)",
  );
  for (const { name, results, process: server } of contestants) {
    const rates = results.map(({ perSecond }, round) => (ours.results[round]?.perSecond ?? Number.NaN) / perSecond);
    const costs = results.map(
      (one, round) => one.cpuMicroseconds / (ours.results[round]?.cpuMicroseconds ?? Number.NaN),
    );
    const of = (pick: (result: (typeof results)[number]) => number): number => median(results.map(pick));
    console.log(
      [
        name.padEnd(24),
        of((r) => r.perSecond)
          .toFixed(0)
          .padStart(8),
        of((r) => r.p50)
          .toFixed(1)
          .padStart(8),
        of((r) => r.p99)
          .toFixed(1)
          .padStart(8),
        of((r) => r.cpuMicroseconds)
          .toFixed(0)
          .padStart(8),
        server.peakMemory().toFixed(0).padStart(9),
        `   ${spread(rates).padEnd(30)}  ${spread(costs)}`,
      ].join(" "),
    );
  }
}

function spread(ratios: readonly number[]): string {
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`;
}
