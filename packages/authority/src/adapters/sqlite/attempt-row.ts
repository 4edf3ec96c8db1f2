import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { parseProviderId } from "@postern/core/provider/provider-id";
import type { ClaimValue } from "@postern/core/publisher/publisher";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { Selectable } from "kysely";
import type { Attempt, AttemptCheck } from "../../attempts/attempt.ts";
import type { AttemptRow } from "./authority-tables.ts";

export type StoredAttempt = Selectable<AttemptRow>;

/** @throws {Error} when the row cannot be read: something other than this program wrote it. */
export function attemptOf(row: StoredAttempt): Attempt {
  const provider = parseProviderId(row.provider);
  const issuer = parseIssuerUrl(row.issuer);
  if (provider === undefined || issuer === undefined) throw new Error(`stored attempt ${row.id} cannot be read`);
  return {
    id: row.id,
    provider,
    issuer,
    code: row.code,
    message: row.message,
    claims: claimsOf(JSON.parse(row.claims)),
    checks: checksOf(JSON.parse(row.checks)),
    publisherId: row.publisher_id ?? undefined,
    runUrl: row.run_url ?? undefined,
    at: epochSeconds(row.last_at),
    firstAt: epochSeconds(row.first_at),
    count: row.count,
  };
}

function claimsOf(parsed: unknown): Readonly<Record<string, ClaimValue>> {
  const claims: Record<string, ClaimValue> = {};
  if (typeof parsed !== "object" || parsed === null) return claims;
  for (const [name, value] of Object.entries(parsed)) if (isClaimValue(value)) claims[name] = value;
  return claims;
}

function checksOf(parsed: unknown): readonly AttemptCheck[] {
  return Array.isArray(parsed) ? parsed.filter(isCheck) : [];
}

function isCheck(value: unknown): value is AttemptCheck {
  if (typeof value !== "object" || value === null) return false;
  if (!("claim" in value && "expected" in value && "got" in value && "ok" in value)) return false;
  const { claim, expected, got, ok } = value;
  return (
    typeof claim === "string" &&
    isClaimValue(expected) &&
    (got === null || isClaimValue(got)) &&
    typeof ok === "boolean"
  );
}

function isClaimValue(value: unknown): value is ClaimValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
