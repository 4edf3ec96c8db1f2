import { rm } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../../test/harness/server-process.ts";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";
import { describeMachine } from "../harness/machine.ts";
import { type MeasuredProcess, startMeasured } from "../harness/measured-process.ts";
import { median } from "../harness/median.ts";
import { runMeasured } from "../harness/run-measured.ts";
import { makeRandomFile, sha256Of, stampFile } from "../transfer/random-file.ts";
import { TransferClient } from "../transfer/transfer-client.ts";
import { startNginx } from "./nginx.ts";

/**
 * One large file by LFS, against nginx with `sendfile` and its `PUT`, in turns. The client is `curl` for both.
 *
 *     npm run bench -- lfs-nginx [--rounds 5] [--bytes 2000000000]
 *
 * nginx neither hashes what it takes nor syncs it; we do both before we answer. The line with `sync` gives it the second.
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, bytes: { type: "string", default: "2000000000" } },
});
const [rounds, bytes] = [Number(values.rounds), Number(values.bytes)];
const ADMIN_TOKEN = `hf_${"Bench3".repeat(6)}`;

using folder = temporaryFolder("lfs-nginx");
const source = path.join(folder.path, "source.bin");
const docroot = path.join(folder.path, "www");
const seconds = new Map<string, number[]>();
const serverCpu = new Map<string, number[]>();

const nginx = await startNginx(path.join(folder.path, "nginx"), docroot, await freePort());
const hub = await startMeasured(
  [
    process.execPath,
    path.join(import.meta.dirname, "../../packages/cli/bin/postern.js"),
    ...["serve", "--json", "--port", "0", "--data", path.join(folder.path, "data"), "--bootstrap-admin", "acme"],
  ],
  { POSTERN_ADMIN_TOKEN: ADMIN_TOKEN },
  (output) => /"url":"(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1],
);
try {
  const idle = hub.peakMemory();
  await makeRandomFile(source, bytes);
  for (let round = 1; round <= rounds; round++) await runRound(round);
  report(idle);
} finally {
  await hub.stop();
  await nginx.stop();
}

async function runRound(round: number): Promise<void> {
  const client = new TransferClient(hub.ready, ADMIN_TOKEN, `acme/large-${round}`);
  await client.createRepo();
  const size = await stampFile(source, `round ${round}`);
  const oid = await sha256Of(source);
  const href = await client.basicUrl(oid, size);
  const steps: readonly (readonly [string, MeasuredProcess | undefined, readonly string[]])[] = [
    ["upload, nginx PUT", undefined, ["-T", source, `${nginx.url}/file.bin`]],
    ["upload, ours", hub, ["-T", source, href]],
  ];
  // The order changes, so that neither always finds the disk as the other left it.
  for (const [name, server, args] of round % 2 === 0 ? steps : steps.toReversed()) await step(name, server, args);
  await step(
    "upload, nginx PUT and sync",
    undefined,
    ["-T", source, `${nginx.url}/synced.bin`],
    `sync '${docroot}/synced.bin'`,
  );
  await client.commit("model.bin", oid, size);
  const downloads: typeof steps = [
    ["download, nginx sendfile", undefined, [`${nginx.url}/file.bin`]],
    ["download, ours", hub, [`${hub.ready}/acme/large-${round}/resolve/main/model.bin`]],
  ];
  for (const [name, server, args] of round % 2 === 0 ? downloads : downloads.toReversed())
    await step(name, server, args);
  await rm(path.join(docroot, "synced.bin"));
}

async function step(
  name: string,
  server: MeasuredProcess | undefined,
  args: readonly string[],
  then = ":",
): Promise<void> {
  await runMeasured(["sync"], { env: process.env, cwd: folder.path });
  const cpu = server?.cpuSeconds() ?? 0;
  const command = `curl -sS --fail -o /dev/null ${args.map((arg) => `'${arg}'`).join(" ")} && ${then}`;
  const { wall } = await runMeasured(["sh", "-c", command], { env: process.env, cwd: folder.path });
  seconds.set(name, [...(seconds.get(name) ?? []), wall / 1000]);
  if (server !== undefined) serverCpu.set(name, [...(serverCpu.get(name) ?? []), server.cpuSeconds() - cpu]);
}

function report(idle: number): void {
  console.log(`lfs-nginx: ${rounds} rounds of ${bytes} bytes; ${describeMachine()}`);
  for (const [name, taken] of seconds) {
    const rate = (bytes / 1e6 / median(taken)).toFixed(0);
    const cpu = serverCpu.get(name);
    console.log(
      `${name.padEnd(28)} ${median(taken).toFixed(2)} s  ${rate.padStart(5)} MB/s${cpu === undefined ? "" : `  server CPU ${median(cpu).toFixed(2)} s`}`,
    );
  }
  for (const [ours, theirs] of [
    ["download, ours", "download, nginx sendfile"],
    ["upload, ours", "upload, nginx PUT"],
    ["upload, ours", "upload, nginx PUT and sync"],
  ] as const) {
    const base = seconds.get(theirs) ?? [];
    const ratios = (seconds.get(ours) ?? []).map((taken, index) => (base[index] ?? Number.NaN) / taken);
    const spread = `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`;
    console.log(`${ours} / ${theirs}: ${median(ratios).toFixed(2)}x of its speed (${spread})`);
  }
  console.log(
    `resident memory of ours: ${idle.toFixed(0)} MiB after its start, ${hub.peakMemory().toFixed(0)} MiB at its peak`,
  );
}
