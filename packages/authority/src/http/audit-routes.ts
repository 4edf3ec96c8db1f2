import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { requireReadingAdministrator } from "../accounts/caller.ts";
import type { Identifier } from "../accounts/identify.ts";
import type { AuditReader } from "../audit/audit-reader.ts";
import { exportAudit } from "../audit/export-audit.ts";
import { callerOf } from "./caller-of.ts";
import { countParameter } from "./query-parameter.ts";

const PATH = "/api/postern/v1/audit";

export interface AuditRoutesDeps {
  readonly identifier: Identifier;
  readonly auditReader: AuditReader;
}

/** Adds `/api/postern/v1/audit`: the export as JSON lines, and the head to note down elsewhere. */
export function registerAuditRoutes(app: FastifyInstance, { identifier, auditReader }: AuditRoutesDeps): void {
  app.get(PATH, async (request, reply) => {
    requireReadingAdministrator(await callerOf(request, identifier));
    const after = countParameter(request.query, "after") ?? 0;
    const limit = countParameter(request.query, "limit") ?? Number.MAX_SAFE_INTEGER;
    return reply
      .type("application/x-ndjson")
      .header("cache-control", "no-store")
      .send(Readable.from(exportAudit(auditReader, after, limit)));
  });
  app.get(`${PATH}/head`, async (request) => {
    requireReadingAdministrator(await callerOf(request, identifier));
    const { seq, hash } = await auditReader.head();
    return { seq, hash };
  });
}
