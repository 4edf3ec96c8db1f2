import { withoutTokens } from "@postern/core/token/without-tokens";
import { type FastifyInstance, fastify, LogController } from "fastify";
import type { ServerConfig } from "../config/server-config.ts";
import type { BoundListener } from "../lifecycle/bound-listener.ts";
import { refuseAmbiguous } from "./refuse-ambiguous.ts";
import { renderNotFound, renderRefusal } from "./render-refusal.ts";
import { requestIdOf } from "./request-id.ts";

/** Takes one JSON line of the log, without its line feed; `silent` keeps no log. */
export type LogSink = ((line: string) => void) | "silent";

/** Body cap of routes that set none of their own, in bytes. */
const DEFAULT_BODY_LIMIT = 1024 * 1024;

/**
 * The HTTP server without its routes: request ids, access log, error exit, safe headers, limits.
 *
 * The log carries the path without its query (signed URLs live there) and never a header or a body.
 */
export function createApp(
  config: Pick<ServerConfig, "trustedProxies">,
  listener: BoundListener,
  log: LogSink,
): FastifyInstance {
  const app = fastify({
    serverFactory: (handler) => {
      listener.attach(handler);
      return listener.server;
    },
    logger:
      log === "silent"
        ? false
        : { level: "info", base: null, stream: { write: (text: string) => log(text.trimEnd()) } },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    bodyLimit: DEFAULT_BODY_LIMIT,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 2048 },
  });
  app.setErrorHandler(renderRefusal);
  app.setNotFoundHandler(renderNotFound);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "x-request-id": request.id,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      // Answers depend on who asks and repeat the host that was asked; a route that may be cached says so itself.
      "cache-control": "no-store",
    });
    refuseAmbiguous(request);
  });
  app.addHook("onResponse", async (request, reply) => {
    request.log.info(
      {
        "request.id": request.id,
        method: request.method,
        path: withoutTokens(request.url.split("?", 1)[0] ?? "").slice(0, 512),
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        source: request.ip,
      },
      "request",
    );
  });
  return app;
}
