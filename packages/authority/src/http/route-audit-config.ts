import type { RouteAudit } from "@postern/core/audit/route-audit";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What the route writes into the audit log; required on every route that may change something. */
    audit?: RouteAudit;
  }
}
