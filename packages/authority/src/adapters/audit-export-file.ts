import { createReadStream } from "node:fs";
import type { ChainExpectation, ChainVerdict } from "../audit/chain-verifier.ts";
import { verifyExport } from "../audit/verify-chain.ts";

/** Bytes read at a time: about a thousand entries. */
const PIECE = 1024 * 1024;

/** Verifies an export (JSON lines) alone, without a server or its data. @throws the system's error when it cannot be read. */
export async function verifyAuditFile(path: string, expectation: ChainExpectation = {}): Promise<ChainVerdict> {
  return verifyExport(createReadStream(path, { encoding: "utf8", highWaterMark: PIECE }), expectation);
}
