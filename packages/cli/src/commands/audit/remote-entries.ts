import { CliError } from "../../failure/cli-error.ts";
import { isRecord } from "../../http/json-value.ts";
import { responseFailure } from "../../http/response-failure.ts";
import type { Management } from "../../session/management.ts";

/** Entries asked for at a time. */
const PAGE = 1000;

/** Every entry after `after`, oldest first, each as its line without the line feed (`GET /audit`). */
export async function* remoteEntries(management: Management, after: number): AsyncGenerator<string> {
  let last = after;
  for (;;) {
    const response = await management.session.send(`/api/postern/v1/audit?after=${last}&limit=${PAGE}`);
    if (!response.ok) throw await responseFailure(response, management.session.host);
    const lines = (await response.text()).split("\n").filter((line) => line !== "");
    if (lines.length === 0) return;
    const next = seqOf(lines.at(-1) ?? "");
    // A server that repeats itself would keep us here for ever.
    if (next <= last) throw new CliError(`${management.session.host} repeats entries of its audit log.`);
    last = next;
    yield* lines;
  }
}

function seqOf(line: string): number {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    entry = undefined;
  }
  if (isRecord(entry) && typeof entry.seq === "number") return entry.seq;
  throw new CliError("The server sent a line that is no audit entry.", { next: "Is HF_ENDPOINT a Postern server?" });
}
