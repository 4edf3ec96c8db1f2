import { appendFile } from "node:fs/promises";
import { showClaimValue } from "@postern/core/match/explain-check";
import type { ShownCheck } from "../../explain/print-checks.ts";
import type { Diagnosis } from "./diagnosis.ts";

/** What goes into the summary of a GitHub job. */
export interface Report {
  readonly provider: string | undefined;
  readonly endpoint: string;
  readonly resource: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly checks: readonly ShownCheck[];
  readonly diagnosis: Diagnosis;
}

/** Appends the report to `GITHUB_STEP_SUMMARY`; a summary that cannot be written must not fail the job. */
export async function appendStepSummary(file: string, report: Report): Promise<void> {
  await appendFile(file, `${toMarkdown(report)}\n`).catch(() => undefined);
}

function toMarkdown({ diagnosis, resource, endpoint, claims, checks }: Report): string {
  const lines = [
    `### ${diagnosis.ok ? "✅" : "❌"} Keyless login to ${code(resource ?? "?")} at ${code(endpoint)}`,
    "",
    toPlainMarkdown(diagnosis.sentence),
    ...(diagnosis.command === undefined ? [] : ["", "```sh", diagnosis.command, "```"]),
  ];
  if (checks.length > 0) {
    lines.push("", "| Claim | Configured | The job sent | |", "|---|---|---|---|");
    for (const { claim, expected, got, ok } of checks)
      lines.push(`| ${code(claim)} | ${code(expected)} | ${code(got)} | ${ok ? "✅" : "❌"} |`);
  } else if (Object.keys(claims).length > 0) {
    lines.push("", "| Claim | The job sent |", "|---|---|");
    for (const [name, value] of Object.entries(claims)) lines.push(`| ${code(name)} | ${code(shown(value))} |`);
  }
  return lines.join("\n");
}

/** One line of a claim's value. */
export function shown(value: unknown): string {
  return showClaimValue(typeof value === "string" ? value : JSON.stringify(value));
}

/** In a table cell a pipe ends the cell even inside backticks, and a stranger may choose a branch that holds either. */
function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

function toPlainMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|]/g, (character) => `\\${character}`);
}
