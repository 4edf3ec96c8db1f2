import type { Issuer } from "@postern/core/issuer/issuer";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import { addIssuer, type IssuerDeps, listIssuers, removeIssuer, replaceIssuerKeys } from "../issuers/manage-issuers.ts";
import { switchIssuer } from "../issuers/switch-issuer.ts";
import { callerOf } from "./caller-of.ts";
import "./route-audit-config.ts";

const PATH = "/api/postern/v1/issuers";
const MAX_BODY_BYTES = 65_536;

export interface IssuersRoutesDeps extends IssuerDeps {
  readonly identifier: Identifier;
}

/** Adds `/api/postern/v1/issuers` (docs/reference/management-api.md). */
export function registerIssuersRoutes(app: FastifyInstance, deps: IssuersRoutesDeps): void {
  app.get(PATH, async (request) => {
    const issuers = await listIssuers(await callerOf(request, deps.identifier), deps);
    return { issuers: issuers.map(serialise) };
  });
  app.post(PATH, { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "issuer.add" } } }, async (request, reply) => {
    const issuer = await addIssuer(request.body, await callerOf(request, deps.identifier), deps);
    return reply.code(201).send(serialise(issuer));
  });
  app.patch<{ Params: { id: string } }>(
    `${PATH}/:id`,
    { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "issuer.change" } } },
    async (request) => {
      const caller = await callerOf(request, deps.identifier);
      const change = namesKeys(request.body) ? replaceIssuerKeys : switchIssuer;
      return serialise(await change(request.params.id, request.body, caller, deps));
    },
  );
  app.delete<{ Params: { id: string } }>(
    `${PATH}/:id`,
    { config: { audit: { event: "issuer.remove" } } },
    async (request, reply) => {
      await removeIssuer(request.params.id, await callerOf(request, deps.identifier), deps);
      return reply.code(204).send();
    },
  );
}

function namesKeys(body: unknown): boolean {
  return typeof body === "object" && body !== null && "jwks" in body;
}

function serialise({ id, provider, url, allowOrigins, enabled, keySet }: Issuer): Readonly<Record<string, unknown>> {
  const common = { id, provider, url, allow_origins: allowOrigins, enabled };
  return keySet === undefined ? common : { ...common, jwks: JSON.parse(keySet) };
}
