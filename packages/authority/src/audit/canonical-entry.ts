import { hash } from "node:crypto";
import type { AuditValue } from "@postern/core/audit/audit-event";
import type { AuditEntry, UnhashedAuditEntry } from "./audit-entry.ts";

/**
 * The bytes that are hashed: RFC 8785 canonical JSON of every field but `hash`.
 *
 * Written out by hand because the keys are known: they stand in RFC 8785 §3.2.3 order already. Strings must be well-formed Unicode
 * (RFC 8785 §3.2.2.2), which the writer of the entry makes sure of.
 */
export function canonicalEntry(entry: UnhashedAuditEntry): string {
  return `${beforeHash(entry)}${afterHash(entry)}`;
}

/** One line of an export, without its line feed: the canonical JSON of the whole entry. */
export function canonicalLine(entry: AuditEntry): string {
  return `${beforeHash(entry)},"hash":${JSON.stringify(entry.hash)}${afterHash(entry)}`;
}

/** SHA-256 of `canonicalEntry`, in lower-case hexadecimal. */
export function hashOfEntry(entry: UnhashedAuditEntry): string {
  return hash("sha256", canonicalEntry(entry), "hex");
}

/** Canonical JSON of `detail`: keys sorted by UTF-16 code units. @throws {RangeError} on a number that JSON cannot say. */
export function canonicalDetail(detail: Readonly<Record<string, AuditValue>>): string {
  const members = Object.keys(detail)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalValue(detail[key] ?? null)}`);
  return `{${members.join(",")}}`;
}

function canonicalValue(value: AuditValue): string {
  // JSON.stringify would turn NaN into null, and two different facts would share one hash.
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("an audit value is no finite number");
  // ECMAScript's own number and string forms are the ones of RFC 8785 §3.2.2.
  return JSON.stringify(value);
}

function beforeHash(entry: UnhashedAuditEntry): string {
  const { actor } = entry;
  const actorJson = `{"kind":"${actor.kind}","name":${JSON.stringify(actor.name)},"token_id":${JSON.stringify(actor.token_id)}}`;
  return `{"actor":${actorJson},"at":${JSON.stringify(entry.at)},"detail":${canonicalDetail(entry.detail)},"event":${JSON.stringify(entry.event)}`;
}

function afterHash(entry: UnhashedAuditEntry): string {
  return `,"outcome":"${entry.outcome}","prev_hash":${JSON.stringify(entry.prev_hash)},"request_id":${JSON.stringify(entry.request_id)},"resource":${JSON.stringify(entry.resource)},"seq":${JSON.stringify(entry.seq)},"source_address":${JSON.stringify(entry.source_address)}}`;
}
