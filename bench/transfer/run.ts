import path from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";
import { describeMachine } from "../harness/machine.ts";
import { startMeasured } from "../harness/measured-process.ts";
import { median } from "../harness/median.ts";
import { runMeasured } from "../harness/run-measured.ts";
import { makeRandomFile, sha256Of, stampFile } from "./random-file.ts";
import { TransferClient } from "./transfer-client.ts";

/**
 * One large file through the API, against `sha256sum` plus `cp` of the same file on the same disk.
 *
 *     npm run bench -- transfer [--rounds 3] [--bytes 1000000000]
 *
 * Every step begins with an empty write-back queue (`sync`) and a source file in the page cache. The hash that an upload needs
 * beforehand is the client's work and stands in a line of its own; the client runs on the same machine, and its CPU time is shown.
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, bytes: { type: "string", default: "1000000000" } },
});
const [rounds, bytes] = [Number(values.rounds), Number(values.bytes)];
const ADMIN_TOKEN = `hf_${"Bench2".repeat(6)}`;

interface Step {
  /** Seconds. */
  readonly wall: number;
  readonly serverCpu: number;
  readonly clientCpu: number;
}

using folder = temporaryFolder("transfer");
const source = path.join(folder.path, "source.bin");
const target = path.join(folder.path, "target.bin");
const steps = new Map<string, Step[]>();
const BASELINE = "sha256sum + cp";

const server = await startMeasured(
  [
    process.execPath,
    path.join(import.meta.dirname, "../../packages/cli/bin/postern.js"),
    ...["serve", "--json", "--port", "0", "--data", path.join(folder.path, "data"), "--bootstrap-admin", "acme"],
  ],
  { POSTERN_ADMIN_TOKEN: ADMIN_TOKEN },
  (output) => /"url":"(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1],
);
try {
  const idle = server.peakMemory();
  await makeRandomFile(source, bytes);
  for (let round = 1; round <= rounds; round++) await runRound(round);
  report(idle);
} finally {
  await server.stop();
}

async function runRound(round: number): Promise<void> {
  const client = new TransferClient(server.ready, ADMIN_TOKEN, `acme/large-${round}`);
  await client.createRepo();
  await step(BASELINE, () => shell(`sha256sum '${source}' && cp '${source}' '${target}'`));
  await step(`${BASELINE} + sync of the copy`, () =>
    shell(`sha256sum '${source}' && cp '${source}' '${target}' && sync '${target}'`),
  );
  for (const transfer of ["basic", "multipart"] as const) {
    const size = await stampFile(source, `${round} ${transfer}`);
    const oid = await step("client's own hash before an upload", () => sha256Of(source));
    await step(`upload, ${transfer}`, async () => {
      await client.upload(source, oid, size, transfer);
      await client.commit(`${transfer}.bin`, oid, size);
    });
  }
  await step("download to a file", () => client.download("multipart.bin", target));
  const [sent, received] = [await sha256Of(source), await sha256Of(target)];
  if (sent !== received) throw new Error("the downloaded file differs from the uploaded one");
}

async function shell(command: string): Promise<void> {
  await runMeasured(["sh", "-c", command], { env: process.env, cwd: folder.path });
}

async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
  await shell("sync");
  const [serverBefore, clientBefore, started] = [server.cpuSeconds(), process.cpuUsage(), performance.now()];
  const result = await run();
  const wall = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(clientBefore);
  const taken = { wall, serverCpu: server.cpuSeconds() - serverBefore, clientCpu: (user + system) / 1e6 };
  steps.set(name, [...(steps.get(name) ?? []), taken]);
  return result;
}

function report(idleMemory: number): void {
  console.log(`transfer: ${rounds} rounds of a file of ${bytes} bytes; ${describeMachine()}`);
  console.log(
    "median of rounds                          s    MB/s   server CPU s   client CPU s   this / baseline (min..max)",
  );
  const baseline = steps.get(BASELINE) ?? [];
  // A step that ran twice a round has twice as many entries.
  const baselineOf = (index: number, count: number): Step | undefined => baseline[Math.floor((index * rounds) / count)];
  for (const [name, taken] of steps) {
    const ratios = taken.map(({ wall }, index) => wall / (baselineOf(index, taken.length)?.wall ?? Number.NaN));
    const of = (what: keyof Step): number => median(taken.map((one) => one[what]));
    console.log(
      [
        name.padEnd(36),
        of("wall").toFixed(2).padStart(6),
        (bytes / 1e6 / of("wall")).toFixed(0).padStart(7),
        of("serverCpu").toFixed(2).padStart(14),
        of("clientCpu").toFixed(2).padStart(14),
        `   ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`,
      ].join(" "),
    );
  }
  const peak = server.peakMemory().toFixed(0);
  console.log(`resident memory of the server: ${idleMemory.toFixed(0)} MiB after its start, ${peak} MiB at its peak`);
}
