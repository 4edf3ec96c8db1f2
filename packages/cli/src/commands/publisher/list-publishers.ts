import type { CliContext } from "../../context/cli-context.ts";
import { cell, isRecord, type JsonRecord, recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";
import { type PublisherTargetOptions, publisherPlace } from "./publisher-path.ts";
import { waitingChangeOf } from "./waiting-change.ts";

/** `GET …/publishers`. */
export async function listPublishers(
  context: CliContext,
  repo: string | undefined,
  options: PublisherTargetOptions,
): Promise<void> {
  const place = publisherPlace(repo, options);
  const answer = await openManagement(context).call(place.path);
  if (options.json === true) {
    context.terminal.json(answer);
    return;
  }
  const rows = recordsIn(answer, "publishers").map((publisher) => [
    cell(publisher, "id"),
    cell(publisher, "provider"),
    publisher.pin_address === true ? `${cell(publisher, "access")}, pinned` : cell(publisher, "access"),
    stateOf(publisher),
    cell(publisher, "last_used_at"),
    Object.entries(isRecord(publisher.claims) ? publisher.claims : {})
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(" "),
  ]);
  const waiting = recordsIn(answer, "publishers").flatMap((publisher) => {
    const change = waitingChangeOf(publisher);
    return change === undefined ? [] : [{ id: cell(publisher, "id"), change }];
  });
  const headings = ["ID", "PROVIDER", "ACCESS", "STATE", "LAST USED", "CLAIMS"];
  printTable(context.terminal, headings, rows, `No publisher on ${place.words} yet.`);
  for (const { id, change } of waiting) {
    const { kind, lines, since } = change;
    const what = kind === "transfer" ? "transferred to another owner" : "renamed";
    context.terminal.note(`The project of ${id} was ${what} (seen ${since}): ${lines.join(", ")}`);
    context.terminal.note(`  next: postern publisher confirm ${place.argument.join(" ")} ${id}`);
  }
}

/** A publisher that waits for its first job says until when its name is held; one that waits for its owner says so. */
function stateOf(publisher: JsonRecord): string {
  const state = publisher.enabled === false ? "off" : publisher.frozen === true ? "frozen" : "on";
  const waits = publisher.frozen !== true && waitingChangeOf(publisher) !== undefined ? ", renamed" : "";
  const held = publisher.pending === true ? `, pending until ${cell(publisher, "expires_at")}` : "";
  return `${state}${waits}${held}`;
}
