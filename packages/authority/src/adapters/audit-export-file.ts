import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { ChainExpectation, ChainVerdict } from "../audit/chain-verifier.ts";
import { verifyExportedLines } from "../audit/verify-chain.ts";

/** Verifies an export (JSON lines) alone, without a server or its data. @throws the system's error when it cannot be read. */
export async function verifyAuditFile(path: string, expectation: ChainExpectation = {}): Promise<ChainVerdict> {
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  return verifyExportedLines(lines, expectation);
}
