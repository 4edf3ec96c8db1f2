import { readFile } from "node:fs/promises";
import process from "node:process";

/** What a provider's command was asked for: the query of a token request, or why the real command would refuse. */
export type CommandRequest =
  | { readonly kind: "request"; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: "refused"; readonly message: string };

/**
 * The whole of a provider's stand-in command, in a process of its own: `node MODULE SETTINGS.json ARGUMENTS…`.
 *
 * Prints the token alone, or ends with exit code 1 and a sentence on standard error.
 */
export async function printToken(read: (args: readonly string[]) => CommandRequest): Promise<void> {
  const [settingsFile = "", ...args] = process.argv.slice(2);
  const { url, bearer } = endpointOf(JSON.parse(await readFile(settingsFile, "utf8")));
  const request = read(args);
  if (request.kind === "refused") return fail(request.message);
  const answer = await fetch(`${url}?${new URLSearchParams(request.query)}`, {
    headers: { authorization: `Bearer ${bearer}` },
  });
  const body: unknown = await answer.json();
  const value = typeof body === "object" && body !== null && "value" in body ? body.value : undefined;
  if (!answer.ok || typeof value !== "string") return fail(`the token request failed with status ${answer.status}`);
  process.stdout.write(`${value}\n`);
}

function endpointOf(settings: unknown): { readonly url: string; readonly bearer: string } {
  if (typeof settings === "object" && settings !== null && "url" in settings && "bearer" in settings) {
    const { url, bearer } = settings;
    if (typeof url === "string" && typeof bearer === "string") return { url, bearer };
  }
  throw new Error("the settings name no endpoint");
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
