import { parseArgs } from "node:util";
import { pythonCheckout, pythonEnvironment } from "../../test/clients/python-hf.ts";
import { bareEnvironment, posternCommand } from "../../test/harness/run-command.ts";
import { GITHUB_CLAIMS, startHub } from "../../test/harness/running-hub.ts";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";
import { describeMachine } from "../harness/machine.ts";
import { median } from "../harness/median.ts";
import { type MeasuredRun, runMeasured } from "../harness/run-measured.ts";

/**
 * A token from nothing, as a whole process inside a simulated GitHub Actions job: start, mint the id token, exchange it, print.
 * `postern auth token` against the Python client's `hf auth token`, in turns on one hub.
 *
 *     POSTERN_TEST_PYTHON_HF=~/huggingface_hub/src npm run bench -- auth-token [--rounds 15]
 */
const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const rounds = Number(values.rounds);

interface Contestant {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** False for the bare interpreters, which show what a process of that kind costs when it does nothing. */
  readonly exchanges: boolean;
  readonly runs: MeasuredRun[];
}

if (pythonCheckout === undefined) {
  console.log("auth-token: skipped, because POSTERN_TEST_PYTHON_HF names no checkout of the Python client.");
} else {
  await compare(pythonCheckout);
}

async function compare(checkout: string): Promise<void> {
  const contestants: readonly Contestant[] = [
    { name: "postern auth token", command: [...posternCommand, "auth", "token"], exchanges: true, runs: [] },
    {
      name: "hf auth token",
      command: ["/usr/bin/python3", "-m", "huggingface_hub.cli.hf", "auth", "token"],
      exchanges: true,
      runs: [],
    },
    { name: "node, doing nothing", command: [process.execPath, "--eval", "0"], exchanges: false, runs: [] },
    { name: "python3, doing nothing", command: ["/usr/bin/python3", "-c", "0"], exchanges: false, runs: [] },
  ];
  using folder = temporaryFolder("auth-token");
  await using hub = await startHub();
  await hub.repo("root-admin/train");
  const publisher = { provider: "github", issuer: hub.simulator.issuerUrl("github"), claims: GITHUB_CLAIMS };
  const added = await hub.publisher("models/root-admin/train", publisher);
  if (added.status !== 201) throw new Error(`no publisher: ${added.text}`);
  await using job = await hub.simulator.jobEnvironment("github", {
    parentEnv: process.env,
    env: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: "root-admin/train" },
  });
  const env = {
    ...bareEnvironment(folder.path),
    ...job.variables,
    // Compiled modules are kept, as on a runner with the client installed; the first round, which writes them, does not count.
    ...pythonEnvironment(folder.path, checkout),
    PYTHONDONTWRITEBYTECODE: undefined,
    PYTHONPYCACHEPREFIX: `${folder.path}/pycache`,
  };
  for (let round = 0; round <= rounds; round++) {
    for (const contestant of round % 2 === 0 ? contestants : [...contestants].reverse()) {
      const run = await runMeasured(contestant.command, { env, cwd: folder.path });
      if (contestant.exchanges && !/^hf_jwt_\S+$/m.test(run.output))
        throw new Error(`${contestant.name} printed no exchanged token`);
      if (round > 0) contestant.runs.push(run);
    }
  }
  report(contestants);
}

function report(contestants: readonly Contestant[]): void {
  const [ours] = contestants;
  console.log(`auth-token: ${rounds} interleaved runs, each a process of its own; ${describeMachine()}`);
  console.log("median of runs             wall ms   CPU ms   Postern / this: wall (min..max)   CPU (min..max)");
  for (const { name, runs } of contestants) {
    const line = (["wall", "cpu"] as const).map((what) => {
      const ratios = runs.map((run, round) => (ours?.runs[round]?.[what] ?? Number.NaN) / run[what]);
      return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`;
    });
    const of = (what: "wall" | "cpu"): string => median(runs.map((run) => run[what])).toFixed(0);
    console.log(
      `${name.padEnd(25)}${of("wall").padStart(9)}${of("cpu").padStart(9)}   ${(line[0] ?? "").padEnd(32)}  ${line[1] ?? ""}`,
    );
  }
}
