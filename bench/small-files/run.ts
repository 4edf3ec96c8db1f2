import { readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { pythonCheckout, pythonEnvironment } from "../../test/clients/python-hf.ts";
import { bareEnvironment, posternCommand } from "../../test/harness/run-command.ts";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";
import { fillRepo } from "../harness/filled-repo.ts";
import { ADMIN_TOKEN, startHubProcess } from "../harness/hub-process.ts";
import { describeMachine } from "../harness/machine.ts";
import { median } from "../harness/median.ts";
import { runMeasured } from "../harness/run-measured.ts";

/**
 * What many small files cost the server: whole downloads of one repo by `hf download` (HEAD and GET for each file) and by our own command
 * (GET alone), the server's CPU time divided by the files.
 *
 *     POSTERN_TEST_PYTHON_HF=~/huggingface_hub/src npm run bench -- small-files [--files 10000] [--rounds 3]
 */
const { values } = parseArgs({
  options: { files: { type: "string", default: "10000" }, rounds: { type: "string", default: "3" } },
});
const [files, rounds] = [Number(values.files), Number(values.rounds)];

interface Client {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly runs: { readonly seconds: number; readonly serverMicroseconds: number; readonly clientSeconds: number }[];
}

using folder = temporaryFolder("small-files");
const hub = await startHubProcess(path.join(folder.path, "data"), 0);
try {
  await fillRepo(hub, folder.path, { name: "many", shape: "nested", files });
  const env = { ...bareEnvironment(folder.path), HF_ENDPOINT: hub.url, HF_TOKEN: ADMIN_TOKEN };
  const clients: readonly Client[] = [
    { name: "postern download", command: [...posternCommand, "download", "acme/many", "--quiet"], env, runs: [] },
    ...(pythonCheckout === undefined
      ? []
      : [
          {
            name: "hf download",
            command: ["/usr/bin/python3", "-m", "huggingface_hub.cli.hf", "download", "acme/many"] as const,
            env: { ...env, ...pythonEnvironment(folder.path, pythonCheckout), HF_HUB_DISABLE_PROGRESS_BARS: "1" },
            runs: [],
          },
        ]),
  ];
  for (let round = 0; round < rounds; round++)
    for (const client of clients) await measure(client, path.join(folder.path, `${client.name} ${round}`));
  console.log(`small-files: ${files} files, ${rounds} rounds; ${describeMachine()}`);
  console.log("median of rounds        s   files/s   server CPU µs per file   client CPU s");
  for (const { name, runs } of clients) {
    const of = (pick: (run: Client["runs"][number]) => number): number => median(runs.map(pick));
    const seconds = of((run) => run.seconds);
    console.log(
      [
        name.padEnd(18),
        seconds.toFixed(1).padStart(6),
        (files / seconds).toFixed(0).padStart(9),
        of((run) => run.serverMicroseconds)
          .toFixed(0)
          .padStart(24),
        of((run) => run.clientSeconds)
          .toFixed(1)
          .padStart(14),
      ].join(" "),
    );
  }
  console.log(`resident memory of the server at its peak: ${hub.peakMemory().toFixed(0)} MiB`);
} finally {
  await hub.stop();
}

async function measure({ command, env, runs }: Client, target: string): Promise<void> {
  const before = hub.cpuSeconds();
  const [program, ...args] = command;
  const run = await runMeasured([program, ...args, "--local-dir", target], { env, cwd: folder.path });
  const found = readdirSync(target, { recursive: true }).filter((name) => name.toString().endsWith(".txt")).length;
  if (found !== files) throw new Error(`${command.join(" ")} left ${found} of ${files} files`);
  runs.push({
    seconds: run.wall / 1000,
    serverMicroseconds: ((hub.cpuSeconds() - before) / files) * 1e6,
    clientSeconds: run.cpu / 1000,
  });
}
