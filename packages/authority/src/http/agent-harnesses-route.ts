import type { FastifyInstance } from "fastify";

/** Adds `/api/agent-harnesses`, which the stock CLI asks for on most starts; a neutral answer keeps it quiet for a day. */
export function registerAgentHarnessesRoute(app: FastifyInstance): void {
  app.get("/api/agent-harnesses", async () => ({ standardEnvVars: [], harnesses: {} }));
}
