import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { CliError } from "../failure/cli-error.ts";
import { cell, isRecord, type JsonRecord } from "../http/json-value.ts";
import type { loadAudit } from "../optional/load-audit.ts";
import { formatByteSize } from "../terminal/byte-size.ts";
import { listLocalFiles } from "../transfer/local-files.ts";
import { describeCommit } from "./describe-commit.ts";
import { compareFolders, folderDigest } from "./folder-digest.ts";
import { hubCaller, tokenFor } from "./prepare-hub.ts";
import { runJob } from "./run-job.ts";
import { type Finished, runPosternProcess } from "./run-postern.ts";
import { writeSampleFolder } from "./sample-folder.ts";
import { DEMO_CLAIMS, DEMO_REPO, type Stage } from "./stage.ts";

const API = "/api/postern/v1";

export async function prepare({ admin, narrator }: Stage): Promise<void> {
  await narrator.step(async () => {
    await admin.call("POST", `${API}/users`, { name: "ada", fullname: "Ada Lovelace" });
    await admin.call("POST", `${API}/orgs`, { name: "acme", fullname: "Acme Research", owner: "ada" });
    return { say: "An administrator added the user ada and her organisation acme", result: undefined };
  });
}

export async function trustJob({ admin, narrator, url, simulator, context }: Stage): Promise<void> {
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
    await ada.call("POST", `${API}/models/${DEMO_REPO}/publishers`, {
      provider: "github",
      issuer,
      claims: DEMO_CLAIMS,
    });
    return {
      say: `Ada made ${DEMO_REPO} and trusts one workflow with it`,
      result: undefined,
      facts: [
        Object.entries(DEMO_CLAIMS)
          .map(([name, value]) => `${name}=${value}`)
          .join(" "),
      ],
    };
  });
}

export async function writeSample({ narrator, folder }: Stage): Promise<string> {
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

export async function publish(stage: Stage, source: string): Promise<void> {
  const { narrator, admin, url } = stage;
  await narrator.step(async () => {
    const { finished, secrets } = await runJob(stage, source, {});
    if (finished.exitCode !== 0) throw childFailure("The job could not publish", finished);
    if (secrets.length > 0) throw new CliError(`The job was not without secrets: it saw ${secrets.join(", ")}.`);
    return {
      say: "The job ran `postern upload` and published, with no token in its environment",
      result: undefined,
      facts: [finished.stdout.trim(), ...(await describeCommit(admin, DEMO_REPO, url))],
    };
  });
}

export async function refuseStranger(stage: Stage, source: string): Promise<void> {
  await stage.narrator.step(async () => {
    const { finished } = await runJob(stage, source, { repository: "mallory/train" });
    if (finished.exitCode === 0) throw new CliError("A job of another repository could publish: this must never be.");
    return {
      say: "The same job in another repository, mallory/train, was refused",
      result: undefined,
      facts: shorten(linesOf(finished.stderr), 5),
    };
  });
}

export async function readBack({ narrator, folder, url, context }: Stage, source: string): Promise<void> {
  await narrator.step(async () => {
    const target = join(folder, "copy");
    // Whoever reads a public repo needs no token, so this process gets none either.
    const env = { PATH: context.env.PATH ?? "", HF_HOME: join(folder, "reader"), HF_ENDPOINT: url };
    const words = ["download", DEMO_REPO, "--local-dir", target];
    const finished = await runPosternProcess(words, { env, cwd: folder, signal: context.signal });
    if (finished.exitCode !== 0) throw childFailure("The download failed", finished);
    const [published, received] = [await folderDigest(source), await folderDigest(target)];
    const { different, added } = compareFolders(published, received);
    if (different.length > 0) throw new CliError(`Not as it was published: ${different.join(", ")}.`);
    return {
      say: `\`postern download\` into a new folder: all ${published.size} files have the sha256 that they had before`,
      result: undefined,
      facts: [
        ...[...published].map(([path, digest]) => `${digest.slice(0, 16)}…  ${path}`),
        ...added.map((path) => `${path} is the hub's own, made with the repo`),
      ],
    };
  });
}

export async function checkAudit(
  { narrator, dataDir }: Stage,
  { exportAuditData, verifyAuditData }: Awaited<ReturnType<typeof loadAudit>>,
): Promise<void> {
  await narrator.step(async () => {
    const { chain: verdict } = await verifyAuditData(dataDir);
    if (verdict.kind !== "intact") throw new CliError(`The audit log is broken at entry ${verdict.seq}.`);
    const exchanges = (await readEntries((output) => exportAuditData(dataDir, output))).filter(
      ({ event }) => event === "token.exchange",
    );
    const count = (outcome: string): number => exchanges.filter((entry) => entry.outcome === outcome).length;
    if (count("allowed") !== 1 || count("denied") !== 1) {
      throw new CliError("The audit log does not show one grant and one refusal.");
    }
    return {
      say: `The audit log has ${verdict.entries} entries in an unbroken hash chain: one grant and one refusal among them`,
      result: undefined,
      facts: exchanges.map((entry) => `entry ${cell(entry, "seq")}: ${cell(entry, "outcome")}, ${actorOf(entry)}`),
    };
  });
}

async function readEntries(write: (output: PassThrough) => Promise<void>): Promise<readonly JsonRecord[]> {
  const output = new PassThrough();
  const [log] = await Promise.all([text(output), write(output).then(() => output.end())]);
  return log
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line))
    .filter(isRecord);
}

function actorOf(entry: JsonRecord): string {
  return isRecord(entry.actor) ? cell(entry.actor, "name") : "-";
}

function childFailure(what: string, { exitCode, stderr }: Finished): CliError {
  return new CliError(`${what} (exit code ${exitCode}).`, { details: linesOf(stderr) });
}

/** What a person reads in a job's log: the runner takes the `::add-mask::` lines out, and with them the tokens they name. */
function linesOf(log: string): readonly string[] {
  return log
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("::"));
}

function shorten(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `… and ${lines.length - most} more lines`];
}
