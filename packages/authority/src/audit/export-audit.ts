import type { AuditReader } from "./audit-reader.ts";
import { canonicalLine } from "./canonical-entry.ts";

/** Entries read at a time: small enough not to hold up other requests. */
const PAGE = 500;

/**
 * The log as JSON lines, each with its line feed, up to the head at the time of the call; flat memory.
 *
 * @param after - Number of the last entry that the caller already has; 0 for everything.
 * @param limit - How many entries at most.
 */
export async function* exportAudit(reader: AuditReader, after: number, limit: number): AsyncGenerator<string> {
  const end = Math.min((await reader.head()).seq, after + limit);
  let last = after;
  while (last < end) {
    const page = await reader.entriesAfter(last, Math.min(PAGE, end - last));
    if (page.length === 0) return;
    yield page.map((entry) => `${canonicalLine(entry)}\n`).join("");
    last = page.at(-1)?.seq ?? end;
  }
}
