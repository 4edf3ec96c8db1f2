import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { Account } from "../accounts/account-store.ts";
import type { Identifier } from "../accounts/identify.ts";
import { lockUser } from "../accounts/lock-user.ts";
import { type AccountDeps, createUser, listUsers } from "../accounts/manage-users.ts";
import { callerOf } from "./caller-of.ts";
import { MANAGEMENT_BODY_LIMIT } from "./management-body-limit.ts";
import "./route-audit-config.ts";

const PATH = "/api/postern/v1/users";

export interface AccountsRoutesDeps extends AccountDeps {
  readonly identifier: Identifier;
}

/** Adds `/api/postern/v1/users` (docs/reference/management-api.md). */
export function registerAccountsRoutes(app: FastifyInstance, deps: AccountsRoutesDeps): void {
  app.get(PATH, async (request) => {
    const users = await listUsers(await callerOf(request, deps.identifier), deps);
    return { users: users.map(serialise) };
  });
  app.post(
    PATH,
    { bodyLimit: MANAGEMENT_BODY_LIMIT, config: { audit: { event: "user.create" } } },
    async (request, reply) => {
      const user = await createUser(request.body, await callerOf(request, deps.identifier), deps);
      return reply.code(201).send(serialise(user));
    },
  );
  app.patch<{ Params: { name: string } }>(
    `${PATH}/:name`,
    { bodyLimit: MANAGEMENT_BODY_LIMIT, config: { audit: { event: "user.lock" } } },
    async (request) =>
      serialise(await lockUser(request.params.name, request.body, await callerOf(request, deps.identifier), deps)),
  );
}

function serialise({
  name,
  fullname,
  email,
  isAdmin,
  isLocked,
  createdAt,
}: Account): Readonly<Record<string, unknown>> {
  return { name, fullname, email, admin: isAdmin, locked: isLocked, created_at: toIsoTime(createdAt) };
}
