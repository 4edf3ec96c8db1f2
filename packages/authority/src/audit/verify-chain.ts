import type { AuditEntry } from "./audit-entry.ts";
import { canonicalForms } from "./canonical-entry.ts";
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
  for await (const line of lines) pushLine(verifier, line);
  return verifier.finish();
}

/** The same for text that arrives in pieces of any length. Only a line feed ends a line. */
export async function verifyExport(
  pieces: AsyncIterable<string>,
  expectation: ChainExpectation = {},
): Promise<ChainVerdict> {
  const verifier = new ChainVerifier(expectation);
  let begun = "";
  for await (const piece of pieces) {
    const lines = `${begun}${piece}`.split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) pushLine(verifier, line);
  }
  if (begun !== "") pushLine(verifier, begun);
  return verifier.finish();
}

function pushLine(verifier: ChainVerifier, line: string): void {
  const link = linkOfLine(line);
  if (link === undefined) verifier.pushUnreadable();
  else verifier.push(link);
}

function linkOfEntry(entry: AuditEntry): ChainLink {
  const { seq, prev_hash: prevHash, hash } = entry;
  return { seq, prevHash, hash, ...canonicalForms(entry) };
}
