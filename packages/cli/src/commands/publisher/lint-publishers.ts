import type { CliContext } from "../../context/cli-context.ts";
import { CommandExit } from "../../failure/command-exit.ts";
import { cell, type JsonRecord, recordsIn, textIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { type PublisherTargetOptions, publisherPlace } from "./publisher-path.ts";

/** `GET …/publishers/lint`. Exit code 1 when a finding is an error or a warning. */
export async function lintPublishers(
  context: CliContext,
  repo: string | undefined,
  options: PublisherTargetOptions,
): Promise<void> {
  const place = publisherPlace(repo, options);
  const answer = await openManagement(context).call(`${place.path}/lint`);
  const findings = recordsIn(answer, "findings");
  if (options.json === true) context.terminal.json(answer);
  else print(context, place.words, answer, findings);
  if (findings.some(({ severity }) => severity !== "advice")) throw new CommandExit(1);
}

function print(context: CliContext, words: string, answer: JsonRecord, findings: readonly JsonRecord[]): void {
  const { terminal } = context;
  const publishers = recordsIn(answer, "publishers");
  if (publishers.length === 0) terminal.note(`No publisher on ${words} yet.`);
  for (const publisher of publishers) {
    const id = cell(publisher, "id");
    const off = publisher.enabled === false ? " (switched off)" : "";
    terminal.out(`${terminal.style("bold", id)}${off}  ${cell(publisher, "who")}`);
    for (const finding of findings.filter((one) => one.publisher_id === id)) printFinding(context, finding);
  }
  for (const finding of findings.filter((one) => textIn(one, "publisher_id") === undefined))
    printFinding(context, finding);
  if (publishers.length > 0 && findings.length === 0) terminal.out("Nothing to complain about.");
  const unknown = recordsIn(answer, "not_checked").map((rule) => cell(rule, "rule"));
  if (unknown.length > 0) terminal.note(`Not checked, because only the provider knows: ${unknown.join(", ")}.`);
}

function printFinding({ terminal }: CliContext, finding: JsonRecord): void {
  const severity = cell(finding, "severity");
  const color = severity === "error" ? "red" : severity === "warning" ? "yellow" : "dim";
  terminal.out(`  ${terminal.style(color, severity)} ${cell(finding, "rule")}: ${cell(finding, "message")}`);
  terminal.out(`    ${cell(finding, "fix")}`);
}
