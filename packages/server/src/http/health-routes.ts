import type { FastifyInstance } from "fastify";

export interface HealthDeps {
  /** Throws when the server cannot do its work: the database is closed or the audit log refuses. */
  readonly checkReady: () => void;
  /** What an operator should look at although requests are served. */
  readonly warnings: () => readonly string[];
}

/** `/healthz`: the process answers. `/readyz`: it can serve. */
export function registerHealthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  app.get("/healthz", () => ({ status: "alive" }));
  app.get("/readyz", (request, reply) => {
    try {
      deps.checkReady();
      const warnings = deps.warnings();
      return warnings.length === 0 ? { status: "ready" } : { status: "ready", warnings };
    } catch (error) {
      request.log.error({ "error.message": error instanceof Error ? error.message : String(error) }, "not ready");
      void reply.code(503);
      return { status: "unavailable" };
    }
  });
}
