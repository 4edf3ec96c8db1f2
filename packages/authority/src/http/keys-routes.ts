import { addSeconds, toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import type { ProvenanceKeys } from "../provenance/provenance-keys.ts";
import { rotateProvenanceKey } from "../provenance/rotate-provenance-key.ts";
import { KEY_AFTERLIFE_SECONDS, keyStageAt } from "../tokens/key-life.ts";
import { type KeyDeps, listKeys, rotateKeys } from "../tokens/rotate-keys.ts";
import type { StoredSigningKey } from "../tokens/signing-key-store.ts";
import { callerOf } from "./caller-of.ts";
import { MANAGEMENT_BODY_LIMIT } from "./management-body-limit.ts";
import "./route-audit-config.ts";

const PATH = "/api/postern/v1/keys";

export interface KeysRoutesDeps extends KeyDeps {
  readonly identifier: Identifier;
  readonly provenanceKeys: Pick<ProvenanceKeys, "rotate">;
}

/** Adds `/api/postern/v1/keys` (docs/reference/management-api.md). */
export function registerKeysRoutes(app: FastifyInstance, deps: KeysRoutesDeps): void {
  app.get(PATH, async (request) => {
    const keys = listKeys(await callerOf(request, deps.identifier), deps);
    return { keys: keys.map((key) => serialise(key, deps)) };
  });
  app.post(
    `${PATH}/rotate`,
    { bodyLimit: MANAGEMENT_BODY_LIMIT, config: { audit: { event: "signing-key.rotate" } } },
    async (request, reply) => {
      const key = await rotateKeys(await callerOf(request, deps.identifier), deps);
      return reply.code(201).send(serialise(key, deps));
    },
  );
  app.post(
    `${PATH}/provenance/rotate`,
    { bodyLimit: MANAGEMENT_BODY_LIMIT, config: { audit: { event: "provenance-key.rotate" } } },
    async (request, reply) => {
      const kid = await rotateProvenanceKey(await callerOf(request, deps.identifier), deps.provenanceKeys);
      return reply.code(201).send({ kid, alg: "ES256" });
    },
  );
}

function serialise(key: StoredSigningKey, { clock }: KeyDeps): Readonly<Record<string, unknown>> {
  const { kid, createdAt, signsFrom, retiredAt } = key;
  return {
    kid,
    alg: "ES256",
    state: keyStageAt(key, clock.now()),
    created_at: toIsoTime(createdAt),
    signs_from: toIsoTime(signsFrom),
    ...(retiredAt === undefined
      ? {}
      : {
          signs_until: toIsoTime(retiredAt),
          published_until: toIsoTime(addSeconds(retiredAt, KEY_AFTERLIFE_SECONDS)),
        }),
  };
}
