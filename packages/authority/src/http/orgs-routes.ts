import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import { createOrg, listMembers, listOrgs, removeMember, setMember } from "../accounts/manage-orgs.ts";
import type { AccountDeps } from "../accounts/manage-users.ts";
import { callerOf } from "./caller-of.ts";
import { MANAGEMENT_BODY_LIMIT } from "./management-body-limit.ts";
import "./route-audit-config.ts";

const PATH = "/api/postern/v1/orgs";
const MEMBER_PATH = `${PATH}/:org/members/:user`;

export interface OrgsRoutesDeps extends AccountDeps {
  readonly identifier: Identifier;
}

interface MemberRoute {
  readonly Params: { readonly org: string; readonly user: string };
}

/** Adds `/api/postern/v1/orgs` and the members below it (docs/reference/management-api.md). */
export function registerOrgsRoutes(app: FastifyInstance, deps: OrgsRoutesDeps): void {
  app.get(PATH, async (request) => {
    const orgs = await listOrgs(await callerOf(request, deps.identifier), deps);
    return { orgs: orgs.map(({ name, fullname }) => ({ name, fullname })) };
  });
  app.post(
    PATH,
    { bodyLimit: MANAGEMENT_BODY_LIMIT, config: { audit: { event: "org.create" } } },
    async (request, reply) => {
      const { name, fullname, createdAt } = await createOrg(
        request.body,
        await callerOf(request, deps.identifier),
        deps,
      );
      return reply.code(201).send({ name, fullname, created_at: toIsoTime(createdAt) });
    },
  );
  app.get<{ Params: { org: string } }>(`${PATH}/:org/members`, async (request) => {
    const members = await listMembers(request.params.org, await callerOf(request, deps.identifier), deps);
    return { members };
  });
  app.put<MemberRoute>(
    MEMBER_PATH,
    { bodyLimit: MANAGEMENT_BODY_LIMIT, config: { audit: { event: "org.member.set" } } },
    async (request) => setMember(request.params, request.body, await callerOf(request, deps.identifier), deps),
  );
  app.delete<MemberRoute>(
    MEMBER_PATH,
    { config: { audit: { event: "org.member.remove" } } },
    async (request, reply) => {
      await removeMember(request.params, await callerOf(request, deps.identifier), deps);
      return reply.code(204).send();
    },
  );
}
