import type { JsonValue } from "@postern/core/claims/claim-set";
import { showClaimValue } from "@postern/core/match/explain-check";
import { type JsonRecord, recordsIn, textIn } from "../http/json-value.ts";
import { printTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** One claim, what is configured and what the job sent, both cut and escaped. */
export interface ShownCheck {
  readonly claim: string;
  readonly expected: string;
  readonly got: string;
  readonly ok: boolean;
}

/** The `checks` of a dry run or an attempt. */
export function checksIn(record: JsonRecord): readonly ShownCheck[] {
  return recordsIn(record, "checks").map((check) => ({
    claim: showClaimValue(textIn(check, "claim") ?? ""),
    expected: show(check.expected),
    got: show(check.got),
    ok: check.ok === true,
  }));
}

/** Claim by claim: what the publisher expects and what the job sent. */
export function printChecks(terminal: Terminal, checks: readonly ShownCheck[]): void {
  if (checks.length === 0) return;
  const rows = checks.map(({ claim, expected, got, ok }) => [claim, expected, got, ok ? "ok" : "DIFFERENT"]);
  printTable(terminal, ["CLAIM", "CONFIGURED", "THE JOB SENT", ""], rows, "");
}

function show(value: unknown): string {
  if (value === null || value === undefined) return "-";
  return showClaimValue(isJson(value) ? value : String(value));
}

function isJson(value: unknown): value is JsonValue {
  return ["string", "number", "boolean"].includes(typeof value);
}
