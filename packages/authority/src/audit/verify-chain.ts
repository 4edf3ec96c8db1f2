import type { AuditEntry } from "./audit-entry.ts";
import { canonicalEntry, canonicalLine } from "./canonical-entry.ts";
import { type ChainExpectation, type ChainLink, type ChainVerdict, ChainVerifier } from "./chain-verifier.ts";
import { linkOfLine } from "./export-line.ts";

/** Verifies entries in the order given. */
export function verifyChain(entries: Iterable<AuditEntry>, expectation: ChainExpectation = {}): ChainVerdict {
  const verifier = new ChainVerifier(expectation);
  for (const entry of entries) verifier.push(linkOfEntry(entry));
  return verifier.finish();
}

/** Verifies the lines of an export (JSON lines), in the order given. */
export async function verifyExportedLines(
  lines: AsyncIterable<string>,
  expectation: ChainExpectation = {},
): Promise<ChainVerdict> {
  const verifier = new ChainVerifier(expectation);
  for await (const line of lines) {
    const link = linkOfLine(line);
    if (link === undefined) verifier.pushUnreadable();
    else verifier.push(link);
  }
  return verifier.finish();
}

function linkOfEntry(entry: AuditEntry): ChainLink {
  const { seq, prev_hash: prevHash, hash } = entry;
  return { seq, prevHash, hash, canonical: canonicalEntry(entry), line: canonicalLine(entry) };
}
