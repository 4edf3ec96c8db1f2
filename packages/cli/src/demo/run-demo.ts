import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Simulator } from "@postern/simulator";
import { parsePort } from "../argument/port-argument.ts";
import type { CliContext } from "../context/cli-context.ts";
import { untilStopped } from "../context/until-stopped.ts";
import { CliError } from "../failure/cli-error.ts";
import { loadServer } from "../optional/load-server.ts";
import { loadSimulator } from "../optional/load-simulator.ts";
import { formatByteSize } from "../terminal/byte-size.ts";
import { listLocalFiles } from "../transfer/local-files.ts";
import { describeCommit } from "./describe-commit.ts";
import { firstDifference, folderDigest } from "./folder-digest.ts";
import { createNarrator, type Narrator } from "./narrator.ts";
import { type HubCaller, hubCaller, tokenFor } from "./prepare-hub.ts";
import { type Finished, runPosternProcess } from "./run-postern.ts";
import { writeSampleFolder } from "./sample-folder.ts";

export interface DemoOptions {
  readonly once?: boolean;
  readonly port?: string;
  readonly data?: string;
}

const REPO = "acme/tiny-model";
const API = "/api/postern/v1";

/** The claims of the simulator's ordinary GitHub job: a push to `main` of `acme/train`. */
const CLAIMS = {
  repository: "acme/train",
  repository_id: "456789",
  repository_owner_id: "123456",
  workflow: "publish.yml",
  branch: "main",
};

/** Everything that is running during the demo. */
interface Stage {
  readonly context: CliContext;
  readonly narrator: Narrator;
  readonly url: string;
  readonly dataDir: string;
  readonly folder: string;
  readonly simulator: Simulator;
  readonly admin: HubCaller;
}

/** The main job, in front of the reader. @throws {CliError} at the first thing that does not hold. */
export async function runDemo(context: CliContext, options: DemoOptions): Promise<void> {
  const { terminal } = context;
  const narrator = createNarrator(terminal, context.now);
  const [serverModule, simulatorModule] = [await loadServer("The demo"), await loadSimulator()];
  await using folder = await workFolder();
  const dataDir = options.data === undefined ? join(folder.path, "data") : await newFolder(context, options.data);

  narrator.title("A CI job that holds no secret publishes a model");
  await using server = await narrator.step(async () => {
    const started = await startOnFreePort(serverModule, dataDir, options);
    return {
      say: `The hub is up at ${terminal.style("bold", started.url)}`,
      result: started,
      facts: [`its data: ${dataDir}`],
    };
  });
  const adminToken = server.firstRun?.adminToken;
  if (adminToken === undefined) throw new CliError("The hub's first start made no administrator.");
  await using simulator = await narrator.step(async () => {
    const started = await simulatorModule.startSimulator();
    return { say: "A simulated GitHub Actions signs id tokens", result: started, facts: [started.issuerUrl("github")] };
  });

  const admin = hubCaller(server.url, adminToken, context.signal, context.fetch);
  const stage: Stage = { context, narrator, url: server.url, dataDir, folder: folder.path, simulator, admin };
  await prepare(stage);
  await trustJob(stage);
  const source = await writeSample(stage);
  await publish(stage, source);
  await refuseStranger(stage, source);
  await readBack(stage, source);
  await checkAudit(stage, serverModule);
  narrator.plain("");
  if (options.once === true) {
    narrator.plain(`${terminal.style("green", "Done.")} Every byte came back, and no secret was stored anywhere.`);
    return;
  }
  await stayUp(stage, adminToken);
}

async function prepare({ admin, narrator }: Stage): Promise<void> {
  await narrator.step(async () => {
    await admin.call("POST", `${API}/users`, { name: "ada", fullname: "Ada Lovelace" });
    await admin.call("POST", `${API}/orgs`, { name: "acme", fullname: "Acme Research", owner: "ada" });
    return { say: "An administrator added the user ada and her organisation acme", result: undefined };
  });
}

async function trustJob({ admin, narrator, url, simulator, context }: Stage): Promise<void> {
  await narrator.step(async () => {
    const ada = hubCaller(url, await tokenFor(admin, "ada"), context.signal, context.fetch);
    const issuer = simulator.issuerUrl("github");
    await ada.call("POST", "/api/repos/create", {
      organization: "acme",
      name: "tiny-model",
      type: "model",
      visibility: "public",
    });
    await admin.call("POST", `${API}/issuers`, { provider: "github", url: issuer, allow_origins: [simulator.origin] });
    await ada.call("POST", `${API}/models/${REPO}/publishers`, { provider: "github", issuer, claims: CLAIMS });
    return {
      say: `Ada made ${REPO} and trusts one workflow with it`,
      result: undefined,
      facts: [
        Object.entries(CLAIMS)
          .map(([name, value]) => `${name}=${value}`)
          .join(" "),
      ],
    };
  });
}

async function writeSample({ narrator, folder }: Stage): Promise<string> {
  return narrator.step(async () => {
    const source = join(folder, "model");
    await writeSampleFolder(source);
    const files = await listLocalFiles(source);
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    return {
      say: `A folder to publish: ${files.length} files, ${formatByteSize(bytes)}`,
      result: source,
      facts: files.map(({ path, size }) => `${path} (${formatByteSize(size)})`),
    };
  });
}

async function publish(stage: Stage, source: string): Promise<void> {
  const { narrator, admin, url } = stage;
  await narrator.step(async () => {
    const { finished, secrets } = await runJob(stage, source, {});
    if (finished.exitCode !== 0) throw childFailure("The job could not publish", finished);
    if (secrets.length > 0) throw new CliError(`The job was not without secrets: it saw ${secrets.join(", ")}.`);
    return {
      say: "The job ran `postern upload` and published, with no token in its environment",
      result: undefined,
      facts: [finished.stdout.trim(), ...(await describeCommit(admin, REPO, url))],
    };
  });
}

async function refuseStranger(stage: Stage, source: string): Promise<void> {
  await stage.narrator.step(async () => {
    const { finished } = await runJob(stage, source, { repository: "mallory/train" });
    if (finished.exitCode === 0)
      throw new CliError("A job of another repository could publish: this must never happen.");
    return {
      say: "The same job in another repository, mallory/train, was refused",
      result: undefined,
      facts: finished.stderr
        .trim()
        .split("\n")
        .map((line) => line.trim()),
    };
  });
}

async function readBack({ narrator, folder, url, context }: Stage, source: string): Promise<void> {
  await narrator.step(async () => {
    const target = join(folder, "copy");
    // Whoever reads a public repo needs no token, so this process gets none either.
    const env = { PATH: context.env.PATH ?? "", HF_HOME: join(folder, "reader"), HF_ENDPOINT: url };
    const words = ["download", REPO, "--local-dir", target];
    const finished = await runPosternProcess(words, { env, cwd: folder, signal: context.signal });
    if (finished.exitCode !== 0) throw childFailure("The download failed", finished);
    const [published, received] = [await folderDigest(source), await folderDigest(target)];
    const different = firstDifference(published, received);
    if (different !== undefined) throw new CliError(`${different} did not come back as it was published.`);
    return {
      say: `\`postern download\` into a new folder: ${received.size} of ${published.size} files have the same sha256`,
      result: undefined,
      facts: [...received].map(([path, digest]) => `${digest.slice(0, 16)}…  ${path}`),
    };
  });
}

async function checkAudit(
  { narrator, dataDir }: Stage,
  { verifyAuditData }: Awaited<ReturnType<typeof loadServer>>,
): Promise<void> {
  await narrator.step(async () => {
    const verdict = await verifyAuditData(dataDir);
    if (verdict.kind !== "intact") throw new CliError(`The audit log is broken at entry ${verdict.seq}.`);
    return {
      say: `The audit log holds ${verdict.entries} entries, grant and refusal among them, and its hash chain is whole`,
      result: undefined,
    };
  });
}

async function stayUp({ context, narrator, url, folder }: Stage, adminToken: string): Promise<void> {
  const tokenFile = join(folder, "admin-token");
  await writeFile(tokenFile, adminToken, { mode: 0o600 });
  narrator.plain(`The hub stays up at ${context.terminal.style("bold", url)} until Ctrl+C. In another terminal:`);
  narrator.plain("");
  for (const line of [
    `export HF_ENDPOINT=${url} HF_TOKEN="$(cat ${tokenFile})"`,
    `npx postern download ${REPO} --local-dir ./copy`,
    `npx postern publisher list ${REPO}`,
    "npx postern audit verify",
    `hf download ${REPO}`,
  ]) {
    narrator.plain(`  ${context.terminal.style("cyan", line)}`);
  }
  narrator.plain("");
  await untilStopped(context.signal);
}

interface JobResult {
  readonly finished: Finished;
  /** Names of variables that hold a hub token; a job that publishes without a secret has none. */
  readonly secrets: readonly string[];
}

/** `postern upload` inside a simulated GitHub Actions job; `claims` are what is unusual about it. */
async function runJob(
  { simulator, context, url }: Stage,
  source: string,
  claims: Readonly<Record<string, string>>,
): Promise<JobResult> {
  await using job = await simulator.jobEnvironment("github", {
    parentEnv: context.env,
    claims,
    env: { HF_ENDPOINT: url, HF_OIDC_RESOURCE: REPO, NO_COLOR: "1" },
  });
  const secrets = Object.entries(job.variables)
    .filter(
      ([name, value]) =>
        /^(?:HF_TOKEN|HUGGING_FACE_HUB_TOKEN|HF_OIDC_ID_TOKEN)$/.test(name) || /\bhf_[A-Za-z0-9]{20}/.test(value),
    )
    .map(([name]) => name);
  const finished = await runPosternProcess(["upload", REPO, source], {
    env: job.variables,
    cwd: job.workingDirectory,
    signal: context.signal,
  });
  return { finished, secrets };
}

function childFailure(what: string, { exitCode, stderr }: Finished): CliError {
  return new CliError(`${what} (exit code ${exitCode}).`, { details: stderr.trim().split("\n") });
}

async function startOnFreePort(
  { startServer }: Awaited<ReturnType<typeof loadServer>>,
  dataDir: string,
  options: DemoOptions,
): Promise<Awaited<ReturnType<typeof startServer>> & AsyncDisposable> {
  const start = async (port: number): Promise<Awaited<ReturnType<typeof startServer>> & AsyncDisposable> => {
    const server = await startServer({ port, host: "127.0.0.1", dataDir, bootstrapAdmin: "admin", log: "silent" });
    return { ...server, [Symbol.asyncDispose]: () => server.close() };
  };
  if (options.port !== undefined) return start(parsePort(options.port));
  if (options.once === true) return start(0);
  try {
    return await start(8080);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return start(0);
    throw error;
  }
}

async function workFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "postern-demo-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

async function newFolder(context: CliContext, text: string): Promise<string> {
  const folder = resolve(context.cwd, text);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new CliError(`${folder} is not empty.`, { next: "The demo begins with a new hub: give a new folder." });
  }
  return folder;
}
