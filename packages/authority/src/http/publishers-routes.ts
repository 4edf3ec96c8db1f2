import { ApiError } from "@postern/core/error/api-error";
import { isFrozen, type Publisher } from "@postern/core/publisher/publisher";
import { parseAccountName } from "@postern/core/resource/account-name";
import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import { parseRepoRef } from "@postern/core/resource/repo-ref";
import type { Resource } from "@postern/core/resource/resource";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import { addPublisher, type PublisherDeps } from "../publishers/add-publisher.ts";
import {
  type ListedPublisher,
  listPublishers,
  removePublisher,
  setPublisherEnabled,
} from "../publishers/change-publisher.ts";
import { confirmPublisher } from "../publishers/confirm-publisher.ts";
import { revokePublisherTokens } from "../publishers/revoke-publisher-tokens.ts";
import { claimsBefore } from "../token-exchange/changed-claims.ts";
import { callerOf } from "./caller-of.ts";
import "./route-audit-config.ts";

const MAX_BODY_BYTES = 65_536;

export interface PublishersRoutesDeps extends PublisherDeps {
  readonly identifier: Identifier;
}

type ReadResource = (params: Readonly<Record<string, string>>) => Resource | undefined;

/** Adds `…/publishers` of every kind of repo and of users (docs/reference/management-api.md). */
export function registerPublishersRoutes(app: FastifyInstance, deps: PublishersRoutesDeps): void {
  for (const kind of REPO_KINDS) {
    addRoutes(app, `/api/postern/v1/${pluralOf(kind)}/:namespace/:name/publishers`, deps, ({ namespace, name }) => {
      const repo = parseRepoRef(kind, namespace ?? "", name ?? "");
      return repo === undefined ? undefined : { kind: "repo", repo };
    });
  }
  addRoutes(app, "/api/postern/v1/users/:name/publishers", deps, ({ name }) => {
    const account = parseAccountName(name ?? "");
    return account === undefined ? undefined : { kind: "user", name: account };
  });
}

function addRoutes(app: FastifyInstance, path: string, deps: PublishersRoutesDeps, read: ReadResource): void {
  type Params = { Params: Record<string, string> };
  app.get<Params>(path, async (request) => {
    const caller = await callerOf(request, deps.identifier);
    const publishers = await listPublishers(resourceOf(read, request.params), caller, deps);
    return { publishers: publishers.map(serialise) };
  });
  app.post<Params>(
    path,
    { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "publisher.add" } } },
    async (request, reply) => {
      const caller = await callerOf(request, deps.identifier);
      const publisher = await addPublisher(resourceOf(read, request.params), request.body, caller, deps);
      return reply.code(201).send(serialise(publisher));
    },
  );
  app.patch<Params>(
    `${path}/:id`,
    { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "publisher.change" } } },
    async (request) => {
      const caller = await callerOf(request, deps.identifier);
      const { params } = request;
      return serialise(
        await setPublisherEnabled(resourceOf(read, params), params.id ?? "", request.body, caller, deps),
      );
    },
  );
  app.post<Params>(
    `${path}/:id/revoke-tokens`,
    { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "publisher.revoke-tokens" } } },
    async (request, reply) => {
      const caller = await callerOf(request, deps.identifier);
      await revokePublisherTokens(resourceOf(read, request.params), request.params.id ?? "", caller, deps);
      return reply.code(204).send();
    },
  );
  app.post<Params>(
    `${path}/:id/confirm`,
    { bodyLimit: MAX_BODY_BYTES, config: { audit: { event: "publisher.confirm" } } },
    async (request) => {
      const caller = await callerOf(request, deps.identifier);
      const { params } = request;
      return serialise(await confirmPublisher(resourceOf(read, params), params.id ?? "", request.body, caller, deps));
    },
  );
  app.delete<Params>(`${path}/:id`, { config: { audit: { event: "publisher.remove" } } }, async (request, reply) => {
    const caller = await callerOf(request, deps.identifier);
    await removePublisher(resourceOf(read, request.params), request.params.id ?? "", caller, deps);
    return reply.code(204).send();
  });
}

function resourceOf(read: ReadResource, params: Readonly<Record<string, string>>): Resource {
  const resource = read(params);
  if (resource === undefined) throw new ApiError("not_found", "There is no such resource.");
  return resource;
}

function serialise({ publisher, held }: ListedPublisher): Readonly<Record<string, unknown>> {
  const { id, provider, issuer, claims, access, enabled, createdBy, createdAt } = publisher;
  const { ttlSeconds, sourceAddresses, pinAddress, audience, lastUsedAt } = publisher;
  return {
    id,
    provider,
    issuer,
    claims,
    access,
    ttl_seconds: ttlSeconds,
    ...(sourceAddresses.length === 0 ? {} : { source_addresses: sourceAddresses }),
    ...(pinAddress === true ? { pin_address: true } : {}),
    ...(audience === undefined ? {} : { audience }),
    enabled,
    ...(isFrozen(publisher) ? { frozen: true } : {}),
    created_at: toIsoTime(createdAt),
    created_by: createdBy,
    ...(held === undefined ? {} : { pending: true, expires_at: toIsoTime(held.expiresAt) }),
    ...(lastUsedAt === undefined ? {} : { last_used_at: toIsoTime(lastUsedAt) }),
    ...serialiseChanges(publisher),
  };
}

function serialiseChanges(publisher: Publisher): Readonly<Record<string, unknown>> {
  const { change, renamed } = publisher;
  return {
    ...(change === undefined
      ? {}
      : {
          change: {
            kind: change.kind,
            from: claimsBefore(publisher, change),
            to: change.to,
            seen_at: toIsoTime(change.seenAt),
          },
        }),
    ...(renamed === undefined ? {} : { renamed: { from: renamed.from, at: toIsoTime(renamed.at) } }),
  };
}
