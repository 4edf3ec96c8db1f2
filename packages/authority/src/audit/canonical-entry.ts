import { hash } from "node:crypto";
import type { AuditValue } from "@postern/core/audit/audit-event";
import type { AuditEntry } from "./audit-entry.ts";

/**
 * What is hashed: RFC 8785 canonical JSON of every field but `hash`.
 *
 * Written out by hand because the keys are known: they stand in the order of RFC 8785 §3.2.3 already. Strings must be well-formed Unicode
 * (RFC 8785 §3.2.2.2), which the writer of the entry makes sure of.
 */
export function canonicalEntry(entry: Omit<AuditEntry, "hash">): string {
  return `${beforeHash(entry)}${afterHash(entry)}`;
}

/** One line of an export, without its line feed: canonical JSON of the whole entry. */
export function canonicalLine(entry: AuditEntry): string {
  return `${beforeHash(entry)},"hash":"${entry.hash}"${afterHash(entry)}`;
}

/** Both at once, for those who verify a whole log. */
export function canonicalForms(entry: AuditEntry): { readonly canonical: string; readonly line: string } {
  const before = beforeHash(entry);
  const after = afterHash(entry);
  return { canonical: `${before}${after}`, line: `${before},"hash":"${entry.hash}"${after}` };
}

/** SHA-256 of canonical JSON, in lower-case hexadecimal. */
export function hashOfCanonical(canonical: string): string {
  return hash("sha256", canonical, "hex");
}

/** Canonical JSON of `detail`: keys sorted by UTF-16 code units. @throws {RangeError} on a number that JSON cannot say. */
export function canonicalDetail(detail: Readonly<Record<string, AuditValue>>): string {
  const members = Object.keys(detail)
    .sort()
    .map((key) => `${JSON.stringify(key.toWellFormed())}:${canonicalValue(detail[key] ?? null)}`);
  return `{${members.join(",")}}`;
}

function canonicalValue(value: AuditValue): string {
  // ECMAScript's own number and string forms are the ones of RFC 8785 §3.2.2, once lone surrogates and NaN are kept out.
  if (typeof value === "string") return JSON.stringify(value.toWellFormed());
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError("an audit value is no finite number");
    return JSON.stringify(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  return `[${value.map((text) => JSON.stringify(text.toWellFormed())).join(",")}]`;
}

function beforeHash(entry: Omit<AuditEntry, "hash">): string {
  const actor = `{"kind":${JSON.stringify(entry.actor_kind)},"name":${JSON.stringify(entry.actor_name)},"token_id":${JSON.stringify(entry.actor_token_id)}}`;
  return `{"actor":${actor},"at":${JSON.stringify(entry.at)},"detail":${entry.detail},"event":${JSON.stringify(entry.event)}`;
}

function afterHash(entry: Omit<AuditEntry, "hash">): string {
  const request = `"request_id":${JSON.stringify(entry.request_id)},"resource":${JSON.stringify(entry.resource)}`;
  return `,"outcome":${JSON.stringify(entry.outcome)},"prev_hash":"${entry.prev_hash}",${request},"seq":${entry.seq},"source_address":${JSON.stringify(entry.source_address)}}`;
}
