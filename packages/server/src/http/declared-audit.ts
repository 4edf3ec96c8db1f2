import type { RouteAudit } from "@postern/core/audit/route-audit";
import type { FastifyInstance } from "fastify";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a changing route writes into the audit log. */
    audit?: RouteAudit;
  }
}

const READING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** One changing route and what it declares. */
export interface DeclaredRoute {
  readonly method: string;
  readonly path: string;
  readonly audit: RouteAudit;
}

/**
 * Makes a changing route without a declared audit event impossible: registering one stops the start.
 *
 * @returns the list that fills as routes are registered, for the test that walks it.
 */
export function requireDeclaredAudit(app: FastifyInstance): readonly DeclaredRoute[] {
  const declared: DeclaredRoute[] = [];
  app.addHook("onRoute", (route) => {
    const methods = [route.method].flat().filter((method) => !READING.has(method));
    const audit = route.config?.audit;
    for (const method of methods) {
      if (audit === undefined) throw new Error(`${method} ${route.path} declares no audit event`);
      declared.push({ method, path: route.path, audit });
    }
  });
  return declared;
}
