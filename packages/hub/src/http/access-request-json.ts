import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { AccessRequest } from "../gates/access-requests.ts";

/** As lists and grants show a request to whoever may review it (hub-wire §4.1). */
export function accessRequestJson(request: AccessRequest): Record<string, unknown> {
  const { user, fullname, email, status, requestedAt, reviewedAt, grantedBy, rejectionReason, fields } = request;
  return {
    user: { user, fullname, type: "user", ...(email === undefined ? {} : { email }) },
    ...(fields === undefined ? {} : { fields }),
    timestamp: toIsoTime(requestedAt),
    ...(reviewedAt === undefined ? {} : { reviewedAt: toIsoTime(reviewedAt) }),
    status,
    ...(grantedBy === undefined ? {} : { grantedBy: { user: grantedBy, type: "user" } }),
    ...(rejectionReason === undefined ? {} : { rejectionReason }),
  };
}

/** One line of the exported report, with the Hub's names. */
export function reportEntry(request: AccessRequest): Record<string, string> {
  const { user, fullname, email, status, requestedAt, reviewedAt, fields } = request;
  return {
    // First, so that an answer to a question called "status" replaces nothing.
    ...fields,
    user,
    fullname,
    status,
    email: email ?? "",
    time: toIsoTime(requestedAt),
    reviewedAt: reviewedAt === undefined ? "" : toIsoTime(reviewedAt),
  };
}

/** RFC 4180, with every value quoted. Values that a spreadsheet would run as a formula are told to be text. */
export function reportCsv(entries: readonly Readonly<Record<string, string>>[]): string {
  const columns = [...new Set([...Object.keys(COLUMNS), ...entries.flatMap((entry) => Object.keys(entry))])];
  const lines = [columns.map(csvValue), ...entries.map((entry) => columns.map((name) => csvValue(entry[name] ?? "")))];
  return `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

const COLUMNS = { user: 0, fullname: 0, status: 0, email: 0, time: 0, reviewedAt: 0 } as const;

function csvValue(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
