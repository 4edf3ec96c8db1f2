import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import {
  createPersonalToken,
  listPersonalTokens,
  type PersonalTokenDeps,
  revokePersonalToken,
} from "../tokens/manage-personal-tokens.ts";
import type { PersonalToken } from "../tokens/token-store.ts";
import { callerOf } from "./caller-of.ts";
import { MANAGEMENT_BODY_LIMIT } from "./management-body-limit.ts";
import { textParameter } from "./query-parameter.ts";
import "./route-audit-config.ts";

const PATH = "/api/postern/v1/tokens";

export interface AccessTokensRoutesDeps extends PersonalTokenDeps {
  readonly identifier: Identifier;
}

/** Adds `/api/postern/v1/tokens` (docs/reference/management-api.md). */
export function registerAccessTokensRoutes(app: FastifyInstance, deps: AccessTokensRoutesDeps): void {
  app.get(PATH, async (request) => {
    const user = textParameter(request.query, "user");
    const tokens = await listPersonalTokens(user, await callerOf(request, deps.identifier), deps);
    return { tokens: tokens.map(serialise) };
  });
  app.post(
    PATH,
    { bodyLimit: MANAGEMENT_BODY_LIMIT, config: { audit: { event: "token.create" } } },
    async (request, reply) => {
      const { token, text } = await createPersonalToken(request.body, await callerOf(request, deps.identifier), deps);
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({ ...serialise(token), token: text });
    },
  );
  app.delete<{ Params: { id: string } }>(
    `${PATH}/:id`,
    { config: { audit: { event: "token.revoke" } } },
    async (request, reply) => {
      await revokePersonalToken(request.params.id, await callerOf(request, deps.identifier), deps);
      return reply.code(204).send();
    },
  );
}

function serialise({ id, user, name, role, createdAt, lastUsedAt }: PersonalToken): Readonly<Record<string, unknown>> {
  return {
    id,
    user,
    name,
    role,
    created_at: toIsoTime(createdAt),
    last_used_at: lastUsedAt === undefined ? undefined : toIsoTime(lastUsedAt),
  };
}
