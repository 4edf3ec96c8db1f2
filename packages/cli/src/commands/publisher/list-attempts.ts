import { showClaimValue } from "@postern/core/match/explain-check";
import type { ClaimValue } from "@postern/core/publisher/publisher";
import type { CliContext } from "../../context/cli-context.ts";
import { checksIn, printChecks } from "../../explain/print-checks.ts";
import { publisherAddCommand } from "../../explain/publisher-add-command.ts";
import { isRecord, type JsonRecord, recordsIn, textIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { type PublisherTargetOptions, publisherPlace } from "./publisher-path.ts";

export interface AttemptsOptions extends PublisherTargetOptions {
  readonly limit?: string;
}

/** `GET …/attempts`: what was refused, claim by claim, and the command that would let the job in. */
export async function listAttempts(
  context: CliContext,
  repo: string | undefined,
  options: AttemptsOptions,
): Promise<void> {
  const place = publisherPlace(repo, options);
  const query = new URLSearchParams({ limit: options.limit ?? "10" });
  const answer = await openManagement(context).call(`${place.resourcePath}/attempts?${query}`);
  if (options.json === true) {
    context.terminal.json(answer);
    return;
  }
  const attempts = recordsIn(answer, "attempts");
  if (attempts.length === 0) context.terminal.note(`Nothing was refused on ${place.words} in the last 30 days.`);
  for (const attempt of attempts) printAttempt(context, attempt, place.argument);
  if (typeof answer.next === "string") context.terminal.note("There are more: --limit 200.");
}

function printAttempt({ terminal }: CliContext, attempt: JsonRecord, argument: readonly string[]): void {
  const count = typeof attempt.count === "number" && attempt.count > 1 ? `, ${attempt.count} times` : "";
  const run = textIn(attempt, "run_url");
  terminal.out(terminal.style("bold", `${line(attempt, "at")}  ${line(attempt, "code")}${count}`));
  terminal.out(line(attempt, "message").replace(/^\[TP\d+\] /, ""));
  if (run !== undefined) terminal.out(`run: ${showClaimValue(run)}`);
  const checks = checksIn(attempt);
  printChecks(terminal, checks);
  if (checks.length === 0) printSent(terminal.out, attempt);
  const advice = isRecord(attempt.advice) ? attempt.advice : {};
  const warning = textIn(advice, "warning");
  if (warning !== undefined) terminal.out(terminal.style("red", `warning: ${showText(warning)}`));
  const command = commandOf(advice, argument);
  if (command !== undefined) {
    const replaces = textIn(advice, "replaces");
    terminal.out("If this is your job, use these values:");
    terminal.out(`  ${command}`);
    if (replaces !== undefined)
      terminal.out(`  postern publisher remove ${argument.join(" ")} ${showClaimValue(replaces)}`);
  }
  terminal.out("");
}

function printSent(out: (text: string) => void, attempt: JsonRecord): void {
  for (const [name, value] of Object.entries(isRecord(attempt.claims) ? attempt.claims : {}))
    if (isClaimValue(value)) out(`  ${showClaimValue(name)}: ${showClaimValue(value)}`);
}

function commandOf(advice: JsonRecord, argument: readonly string[]): string | undefined {
  const publisher = isRecord(advice.publisher) ? advice.publisher : {};
  const provider = textIn(publisher, "provider");
  const issuer = textIn(publisher, "issuer");
  if (provider === undefined || issuer === undefined || !isRecord(publisher.claims)) return undefined;
  const claims: Record<string, ClaimValue> = {};
  for (const [name, value] of Object.entries(publisher.claims)) if (isClaimValue(value)) claims[name] = value;
  return publisherAddCommand(argument, { provider, issuer, claims });
}

function line(record: JsonRecord, key: string): string {
  return showText(textIn(record, key) ?? "-");
}

/** A stranger's words: no control characters reach the terminal. */
function showText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}

function isClaimValue(value: unknown): value is ClaimValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
