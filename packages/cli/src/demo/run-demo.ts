import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CliContext } from "../context/cli-context.ts";
import { untilStopped } from "../context/until-stopped.ts";
import { loadAudit } from "../optional/load-audit.ts";
import { loadServer } from "../optional/load-server.ts";
import { loadSimulator } from "../optional/load-simulator.ts";
import { createNarrator } from "./narrator.ts";
import { hubCaller } from "./prepare-hub.ts";
import { DEMO_REPO, type DemoOptions, type Stage } from "./stage.ts";
import { newFolder, startHub, workFolder } from "./start-hub.ts";
import { checkAudit, prepare, publish, readBack, refuseStranger, trustJob, writeSample } from "./steps.ts";

/** The main job, in front of the reader. @throws {CliError} at the first thing that does not hold. */
export async function runDemo(context: CliContext, options: DemoOptions): Promise<void> {
  const { terminal } = context;
  const narrator = createNarrator(terminal, context.now);
  const [serverModule, simulatorModule] = [await loadServer("The demo"), await loadSimulator()];
  await using folder = await workFolder();
  const dataDir = options.data === undefined ? join(folder.path, "data") : await newFolder(context, options.data);

  narrator.title("A CI job that holds no secret publishes a model");
  await using hub = await narrator.step(async () => {
    const started = await startHub(serverModule, dataDir, options);
    return {
      say: `The hub is up at ${terminal.style("bold", started.url)}`,
      result: started,
      facts: [`its data: ${dataDir}`],
    };
  });
  await using simulator = await narrator.step(async () => {
    const started = await simulatorModule.startSimulator();
    return { say: "A simulated GitHub Actions signs id tokens", result: started, facts: [started.issuerUrl("github")] };
  });

  const admin = hubCaller(hub.url, hub.adminToken, context.signal, context.fetch);
  const stage: Stage = { context, narrator, url: hub.url, dataDir, folder: folder.path, simulator, admin };
  await prepare(stage);
  await trustJob(stage);
  const source = await writeSample(stage);
  await publish(stage, source);
  await refuseStranger(stage, source);
  await readBack(stage, source);
  await checkAudit(stage, await loadAudit("The demo"));
  narrator.plain("");
  if (options.once === true) {
    narrator.plain(`${terminal.style("green", "Done.")} Every byte came back, and the job never held a secret.`);
    return;
  }
  await stayUp(stage, hub.adminToken);
}

async function stayUp({ context, narrator, url, folder }: Stage, adminToken: string): Promise<void> {
  const tokenFile = join(folder, "admin-token");
  await writeFile(tokenFile, adminToken, { mode: 0o600 });
  narrator.plain(`The hub stays up at ${context.terminal.style("bold", url)} until Ctrl+C. In another terminal:`);
  narrator.plain("");
  for (const line of [
    `export HF_ENDPOINT=${url} HF_TOKEN="$(cat ${tokenFile})"`,
    `npx postern download ${DEMO_REPO} --local-dir ./copy`,
    `npx postern publisher list ${DEMO_REPO}`,
    "npx postern audit verify",
    `hf download ${DEMO_REPO}`,
  ]) {
    narrator.plain(`  ${context.terminal.style("cyan", line)}`);
  }
  narrator.plain("");
  await untilStopped(context.signal);
}
