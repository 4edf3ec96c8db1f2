import { auditActorOf } from "@postern/core/audit/audit-actor";
import { HubError } from "@postern/core/error/hub-error";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import { LOGIN_CHALLENGE } from "../access/open-repo.ts";
import type { GarbageOutcome } from "../gc/collect-garbage.ts";
import type { GarbageCollector, RestoreRequest } from "../gc/garbage-collector.ts";
import { type LfsOid, parseLfsOid } from "../lfs/lfs-oid.ts";

export interface StorageRoutesDeps {
  readonly gatekeeper: Pick<Gatekeeper, "identify">;
  readonly collector: GarbageCollector;
}

/** Objects that an answer lists by name; the counts are always right. */
const SHOWN = 1000;
const MAX_OIDS = 10_000;

/** Garbage collection by hand, for administrators (docs/reference/management-api.md). */
export function registerStorageRoutes(app: FastifyInstance, { gatekeeper, collector }: StorageRoutesDeps): void {
  app.post("/api/postern/v1/storage/gc", { config: { audit: { event: "gc.quarantine" } } }, async (request) => {
    const by = await administrator(gatekeeper, request);
    const { dry_run: dryRun = false, allow_empty_tables: allowEmptyTables = false } = fieldsOf(request.body);
    if (typeof dryRun !== "boolean" || typeof allowEmptyTables !== "boolean") {
      throw new HubError(400, "BadRequest", "dry_run and allow_empty_tables are true or false.");
    }
    return describe(await collector.collect({ ...by, dryRun, allowEmptyTables }));
  });
  app.post("/api/postern/v1/storage/gc/restore", { config: { audit: { event: "gc.restore" } } }, async (request) => {
    const by = await administrator(gatekeeper, request);
    const { oids, all } = fieldsOf(request.body);
    const restored = await collector.restore(all === true && oids === undefined ? undefined : parseOids(oids), by);
    return { count: restored.length, restored: restored.slice(0, SHOWN) };
  });
}

async function administrator(
  gatekeeper: Pick<Gatekeeper, "identify">,
  request: FastifyRequest,
): Promise<RestoreRequest> {
  const principal = await gatekeeper.identify(request.headers.authorization);
  if (principal.kind === "anonymous") {
    throw new HubError(401, "Forbidden", "You are not logged in.", { headers: LOGIN_CHALLENGE });
  }
  if (principal.kind !== "user" || !principal.isAdmin || principal.tokenRole !== "write") {
    throw new HubError(403, "Forbidden", "Only an administrator may do this, with a token of the write role.");
  }
  return { actor: auditActorOf(principal), requestId: request.id, sourceAddress: request.ip };
}

function describe(outcome: GarbageOutcome): Record<string, unknown> {
  if (outcome.kind === "refused") {
    throw new HubError(
      409,
      "Conflict",
      "Nothing was moved, because the storage is not in order. Run `postern hub fsck`.",
      {
        body: { findings: outcome.findings.slice(0, SHOWN) },
      },
    );
  }
  const bytes = (objects: readonly { readonly size: number }[]): number =>
    objects.reduce((sum, { size }) => sum + size, 0);
  return {
    dry_run: outcome.dryRun,
    objects: outcome.objects,
    reachable: outcome.reachable,
    quarantined: { count: outcome.quarantined.length, bytes: bytes(outcome.quarantined) },
    removed: { count: outcome.removed.length, bytes: bytes(outcome.removed) },
    restored: { count: outcome.restored.length },
    uploads_given_up: outcome.uploadsGivenUp,
    more: outcome.more,
    oids: {
      quarantined: outcome.quarantined.slice(0, SHOWN).map(({ oid }) => oid),
      removed: outcome.removed.slice(0, SHOWN).map(({ oid }) => oid),
      restored: outcome.restored.slice(0, SHOWN),
    },
  };
}

function parseOids(value: unknown): readonly LfsOid[] {
  const refusal = new HubError(
    400,
    "BadRequest",
    `oids is a list of up to ${MAX_OIDS} SHA-256 in hexadecimal, or all is true.`,
  );
  if (!Array.isArray(value) || value.length > MAX_OIDS) throw refusal;
  return value.map((text) => {
    const oid = typeof text === "string" ? parseLfsOid(text) : undefined;
    if (oid === undefined) throw refusal;
    return oid;
  });
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null ? Object.fromEntries(Object.entries(body)) : {};
}
