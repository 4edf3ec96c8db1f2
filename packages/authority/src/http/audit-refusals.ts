import { auditActorOf } from "@postern/core/audit/audit-actor";
import { ApiError } from "@postern/core/error/api-error";
import { withoutTokens } from "@postern/core/token/without-tokens";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import "./route-audit-config.ts";

const MANAGEMENT_PREFIX = "/api/postern/v1/";

/**
 * Writes every refused management call (403) into the audit log, before the refusal is sent. To be called before the routes are added.
 *
 * One hook for all of them, so that no route can forget it.
 */
export function auditRefusals(
  app: FastifyInstance,
  deps: { readonly identifier: Identifier; readonly audit: AuditLog },
): void {
  app.addHook("onError", async (request, _reply, error) => {
    if (!(error instanceof ApiError) || error.code !== "forbidden") return;
    if (!request.url.startsWith(MANAGEMENT_PREFIX)) return;
    const principal = await deps.identifier.identify(request.headers.authorization);
    await deps.audit.record({
      event: eventOf(request),
      outcome: "denied",
      actor: auditActorOf(principal),
      // The path names what was reached for; the query may hold anything.
      resource: withoutTokens(request.url.split("?", 1)[0] ?? "").slice(0, 300),
      requestId: request.id,
      sourceAddress: request.ip,
      detail: { code: error.code, method: request.method },
    });
  });
}

function eventOf(request: FastifyRequest): string {
  const audit = request.routeOptions.config.audit;
  return audit !== undefined && "event" in audit ? audit.event : "management.read";
}
