import { showClaimValue } from "@postern/core/match/explain-check";
import { cell, isRecord, type JsonRecord, textIn } from "../../http/json-value.ts";

/** What waits at a publisher to be confirmed. */
export interface WaitingChange {
  /** `accepted`: the publisher has taken the new name already; confirming it lets the next rename pass. */
  readonly kind: "rename" | "transfer" | "accepted";
  /** The values that a confirmation names. */
  readonly to: JsonRecord;
  /** `repository: acme/train → acme/models`, one line per claim; escaped, because a job chose the new values. */
  readonly lines: readonly string[];
  readonly since: string;
}

/** Reads `change` and `renamed` of a publisher in JSON. */
export function waitingChangeOf(publisher: JsonRecord): WaitingChange | undefined {
  const { change, renamed } = publisher;
  const claims = isRecord(publisher.claims) ? publisher.claims : {};
  if (isRecord(change) && isRecord(change.to)) {
    const { to } = change;
    const kind = textIn(change, "kind") === "transfer" ? "transfer" : "rename";
    return { kind, to, lines: linesOf(claims, to), since: cell(change, "seen_at") };
  }
  if (isRecord(renamed) && isRecord(renamed.from))
    return { kind: "accepted", to: {}, lines: linesOf(renamed.from, claims), since: cell(renamed, "at") };
  return undefined;
}

/** The claims that both have, from the one to the other. */
function linesOf(from: JsonRecord, to: JsonRecord): readonly string[] {
  return Object.keys(from)
    .filter((name) => Object.hasOwn(to, name))
    .map((name) => `${name}: ${show(from[name])} -> ${show(to[name])}`);
}

function show(value: unknown): string {
  return showClaimValue(typeof value === "string" ? value : JSON.stringify(value));
}
