import { OAuthError } from "@postern/core/error/oauth-error";
import { Refusal, type RefusalWire } from "@postern/core/error/refusal";
import { withoutTokens } from "@postern/core/token/without-tokens";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";

/**
 * The one place that decides what leaves the building when a request fails.
 *
 * A `Refusal` keeps its words; a malformed request is a 4xx with the framework's sentence; anything else is a 500 without words of its own.
 */
export function renderRefusal(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const wire = wireOf(error);
  logOnce(error, wire, request);
  if (reply.sent || reply.raw.headersSent) {
    // Half an answer cannot be taken back: cutting the connection is how the client learns that it is not whole.
    reply.raw.destroy();
    return;
  }
  const message =
    typeof wire.body.error_description === "string" ? wire.body.error_description : String(wire.body.error);
  for (const name of Object.keys(reply.getHeaders()))
    if (name.startsWith("content-") || name === "etag") reply.removeHeader(name);
  void reply.code(wire.status).headers({ "x-error-message": toHeaderValue(message), ...wire.headers });
  if (request.routeOptions.config.refusals === "text") {
    void reply.type("text/plain; charset=utf-8").send(`${message}\n`);
    return;
  }
  void reply.type("application/json; charset=utf-8").send({ ...wire.body, request_id: request.id });
}

/** A route that does not exist. */
export function renderNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const message = `There is nothing at ${request.method} ${withoutTokens(request.url.split("?")[0] ?? "").slice(0, 200)}.`;
  void reply
    .code(404)
    .header("x-error-message", toHeaderValue(message))
    .type("application/json; charset=utf-8")
    .send({ error: message, code: "NotFound", request_id: request.id });
}

function wireOf(error: FastifyError | Error): RefusalWire {
  if (error instanceof Refusal) return error.wire();
  if ("code" in error && error.code === "ENOSPC") {
    return {
      status: 507,
      headers: {},
      body: { error: "The server's disk is full; nothing was stored.", code: "StorageFull" },
    };
  }
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
  if (status >= 400 && status < 500) return { status, headers: {}, body: { error: error.message, code: "BadRequest" } };
  const unknown = new OAuthError(
    "server_error",
    "The server failed to answer; its log has the reason under this request id.",
    { status: 500 },
  );
  return { status: 500, headers: {}, body: { error: unknown.message, code: "server_error" } };
}

function logOnce(error: Error, wire: RefusalWire, request: FastifyRequest): void {
  // Of a flood that is not answered one line a minute says so (`report`); the access log has each request anyway.
  if (error instanceof OAuthError && error.code === "slow_down" && error.detail.report === false) return;
  const fields = { "request.id": request.id, status: wire.status, code: wire.body.code ?? wire.body.error };
  if (error instanceof Refusal && wire.status < 500)
    request.log.info({ ...fields, detail: error.detail }, "request refused");
  else if (error instanceof Refusal) {
    // Our own fault or an issuer's: the operator needs what lies beneath, down to the system's error.
    request.log.error({ ...fields, detail: error.detail, causes: causesOf(error) }, "request refused");
  } else if (wire.status < 500) request.log.info(fields, "request malformed");
  else
    request.log.error(
      { ...fields, "error.name": error.name, "error.message": error.message, "error.stack": error.stack },
      "request failed",
    );
}

/** Messages from the outermost cause inwards; the depth is bounded. */
function causesOf(error: Error): readonly string[] {
  const causes: string[] = [];
  for (let { cause } = error; cause instanceof Error && causes.length < 5; { cause } = cause) {
    causes.push(`${cause.name}: ${cause.message}`);
  }
  return causes;
}

/** One line of printable ASCII, at most 300 characters (trusted-publishing: "disclosure by proof tier"). */
function toHeaderValue(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 300);
}
