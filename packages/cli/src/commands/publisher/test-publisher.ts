import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import type { CliContext } from "../../context/cli-context.ts";
import { askDryRun } from "../../explain/dry-run.ts";
import { checksIn, printChecks } from "../../explain/print-checks.ts";
import { usageError } from "../../failure/cli-error.ts";
import { CommandExit } from "../../failure/command-exit.ts";
import { textIn } from "../../http/json-value.ts";
import { serverEndpointOf } from "../../session/endpoint.ts";
import { publisherPlace } from "./publisher-path.ts";
import type { TestOptions } from "./test-options.ts";

/** What a job would get: asks the hub with a token, or holds a simulated job's claims against the stored publishers. */
export async function testPublisher(
  context: CliContext,
  repo: string | undefined,
  options: TestOptions,
): Promise<void> {
  const place = publisherPlace(repo, options);
  if (options.tokenFile === undefined) {
    const { testClaims } = await import("./test-claims.ts");
    return testClaims(context, place, options);
  }
  if (options.claim !== undefined || options.provider !== undefined)
    throw usageError("A token brings its own claims.", "Leave --claim and --provider out, or --token-file.");
  const token = (await readToken(context, options.tokenFile)).trim();
  const answer = await askDryRun(context, serverEndpointOf(context.env), token, place.resource);
  if (options.json === true) context.terminal.json(answer);
  else {
    printChecks(context.terminal, checksIn(answer));
    const message = (textIn(answer, "message") ?? "").replaceAll(/[^\x20-\x7e]/g, "?");
    context.terminal.out(answer.granted ? context.terminal.style("green", message) : message);
  }
  if (!answer.granted) throw new CommandExit(1);
}

function readToken(context: CliContext, file: string): Promise<string> {
  return file === "-" ? readAll(process.stdin) : readFile(resolve(context.cwd, file), "utf8");
}
