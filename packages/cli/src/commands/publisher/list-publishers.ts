import type { CliContext } from "../../context/cli-context.ts";
import { cell, isRecord, type JsonRecord, recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { printTable } from "../../terminal/table.ts";
import { type PublisherTargetOptions, publisherPlace } from "./publisher-path.ts";

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
  const headings = ["ID", "PROVIDER", "ACCESS", "STATE", "LAST USED", "CLAIMS"];
  printTable(context.terminal, headings, rows, `No publisher on ${place.words} yet.`);
}

/** A publisher that waits for its first job says until when its name is held. */
function stateOf(publisher: JsonRecord): string {
  const state = publisher.enabled === false ? "off" : "on";
  return publisher.pending === true ? `${state}, pending until ${cell(publisher, "expires_at")}` : state;
}
