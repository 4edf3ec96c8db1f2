import type { Issuer } from "@postern/core/issuer/issuer";
import type { FastifyInstance } from "fastify";
import type { Caller } from "../accounts/caller.ts";
import type { Identifier } from "../accounts/identify.ts";
import { confirmIssuerKeys, type HoldKeysDeps, heldKeysOf, holdIssuerKeys } from "../issuers/hold-issuer-keys.ts";
import { addIssuer, type IssuerDeps, listIssuers, removeIssuer, replaceIssuerKeys } from "../issuers/manage-issuers.ts";
import { switchIssuer } from "../issuers/switch-issuer.ts";
import { callerOf } from "./caller-of.ts";
import "./route-audit-config.ts";

const PATH = "/api/postern/v1/issuers";
const MAX_BODY_BYTES = 65_536;

export interface IssuersRoutesDeps extends IssuerDeps, Pick<HoldKeysDeps, "seenKeys"> {
  readonly identifier: Identifier;
}

/** Adds `/api/postern/v1/issuers` (docs/reference/management-api.md). */
export function registerIssuersRoutes(app: FastifyInstance, deps: IssuersRoutesDeps): void {
  app.get(PATH, async (request) => {
    const issuers = await listIssuers(await callerOf(request, deps.identifier), deps);
    return { issuers: await Promise.all(issuers.map((issuer) => serialise(issuer, deps))) };
  });
  app.post(PATH, { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "issuer.add" } } }, async (request, reply) => {
    const issuer = await addIssuer(request.body, await callerOf(request, deps.identifier), deps);
    return reply.code(201).send(await serialise(issuer, deps));
  });
  app.patch<{ Params: { id: string } }>(
    `${PATH}/:id`,
    { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "issuer.change" } } },
    async (request) => {
      const caller = await callerOf(request, deps.identifier);
      const change = changeNamedBy(request.body);
      return serialise(await change(request.params.id, request.body, caller, deps), deps);
    },
  );
  app.post<{ Params: { id: string } }>(
    `${PATH}/:id/confirm-keys`,
    { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "issuer.confirm-keys" } } },
    async (request) => {
      const caller = await callerOf(request, deps.identifier);
      return serialise(await confirmIssuerKeys(request.params.id, request.body, caller, deps), deps);
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

type IssuerChange = (id: string, body: unknown, caller: Caller, deps: IssuersRoutesDeps) => Promise<Issuer>;

function changeNamedBy(body: unknown): IssuerChange {
  if (typeof body !== "object" || body === null) return switchIssuer;
  if ("jwks" in body) return replaceIssuerKeys;
  return "hold_keys" in body ? holdIssuerKeys : switchIssuer;
}

async function serialise(issuer: Issuer, deps: IssuersRoutesDeps): Promise<Readonly<Record<string, unknown>>> {
  const { id, provider, url, allowOrigins, enabled, keySet, confirmedKeys } = issuer;
  return {
    id,
    provider,
    url,
    allow_origins: allowOrigins,
    enabled,
    ...(keySet === undefined ? {} : { jwks: JSON.parse(keySet) }),
    ...(confirmedKeys === undefined
      ? {}
      : { hold_keys: true, confirmed_keys: confirmedKeys, held_keys: await heldKeysOf(issuer, deps) }),
  };
}
