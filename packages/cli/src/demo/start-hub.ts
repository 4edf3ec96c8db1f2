import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parsePort } from "../argument/port-argument.ts";
import type { CliContext } from "../context/cli-context.ts";
import { CliError } from "../failure/cli-error.ts";
import type { loadServer } from "../optional/load-server.ts";
import type { DemoOptions } from "./stage.ts";

/** The demo's own hub. */
export interface DemoHub extends AsyncDisposable {
  readonly url: string;
  readonly adminToken: string;
}

/** Starts a hub with a first administrator on a new data folder. */
export async function startHub(
  { startServer }: Awaited<ReturnType<typeof loadServer>>,
  dataDir: string,
  options: DemoOptions,
): Promise<DemoHub> {
  const port = await choosePort(options);
  const server = await startServer({ port, host: "127.0.0.1", dataDir, bootstrapAdmin: "operator", log: "silent" });
  const adminToken = server.firstRun?.adminToken;
  if (adminToken === undefined) {
    await server.close();
    throw new CliError("The hub's first start made no administrator.");
  }
  return { url: server.url, adminToken, [Symbol.asyncDispose]: () => server.close() };
}

/** 8080 when a person will look at it and it is free, otherwise whatever is. */
async function choosePort(options: DemoOptions): Promise<number> {
  if (options.port !== undefined) return parsePort(options.port);
  return options.once !== true && (await isFree(8080)) ? 8080 : 0;
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once("error", () => resolve(false));
  probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  return promise;
}

/** A temporary folder that is removed when it is disposed of. */
export async function workFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "postern-demo-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** @throws {CliError} when something is in it already: the demo begins with a new hub. */
export async function newFolder(context: CliContext, text: string): Promise<string> {
  const folder = resolve(context.cwd, text);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new CliError(`${folder} is not empty.`, { next: "The demo begins with a new hub: give a new folder." });
  }
  return folder;
}
