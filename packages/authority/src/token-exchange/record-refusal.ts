import { hash } from "node:crypto";
import type { AuditValue } from "@postern/core/audit/audit-event";
import type { OAuthError } from "@postern/core/error/oauth-error";
import { showClaimValue } from "@postern/core/match/explain-check";
import { parseResource } from "@postern/core/resource/resource";
import type { AuditLog } from "../audit/audit-log.ts";
import { auditResourceOf } from "./audit-resource.ts";
import { auditUnavailable } from "./exchange-refusal.ts";
import type { ExchangeOrigin } from "./exchange-subject-token.ts";

/**
 * Writes one refusal down before it is answered. The subject token appears as its digest only.
 *
 * @throws {OAuthError} `temporarily_unavailable` TP1905 when it cannot be written.
 */
export async function recordExchangeRefusal(
  refusal: OAuthError,
  parameters: ReadonlyMap<string, string>,
  { requestId, sourceAddress }: ExchangeOrigin,
  audit: AuditLog,
): Promise<void> {
  const { issuer, subject } = refusal.detail;
  const verified = typeof issuer === "string" && typeof subject === "string";
  try {
    await audit.record({
      event: "token.exchange",
      outcome: "denied",
      actor: verified
        ? { kind: "workload", name: `${issuer} ${subject}`, tokenId: undefined }
        : { kind: "anonymous", name: "anonymous", tokenId: undefined },
      resource: resourceOf(parameters.get("resource")),
      requestId,
      sourceAddress,
      detail: { code: refusal.exchangeCode ?? refusal.code, ...flatten(refusal.detail), ...digestOf(parameters) },
    });
  } catch (cause) {
    throw auditUnavailable(cause);
  }
}

/** A text that is no resource may hold anything, a pasted token included, so it is not repeated. */
function resourceOf(text: string | undefined): string {
  const resource = text === undefined ? undefined : parseResource(text);
  return resource === undefined ? "unknown" : auditResourceOf(resource);
}

function digestOf(parameters: ReadonlyMap<string, string>): Record<string, AuditValue> {
  const token = parameters.get("subject_token") ?? "";
  return token === "" ? {} : { subject_token_sha256: hash("sha256", token, "hex") };
}

function flatten(detail: Readonly<Record<string, unknown>>): Record<string, AuditValue> {
  const flat: Record<string, AuditValue> = {};
  for (const [name, value] of Object.entries(detail)) {
    if (typeof value === "number" || typeof value === "boolean" || value === null) flat[name] = value;
    else if (typeof value === "string") flat[name] = showClaimValue(value);
    else if (Array.isArray(value)) flat[name] = value.map((entry) => showClaimValue(String(entry)));
  }
  return flat;
}
