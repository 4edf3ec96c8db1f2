import { strict as assert } from "node:assert";
import { ApiError } from "@postern/core/error/api-error";
import { addPublisher } from "../../publishers/add-publisher.ts";
import { removePublisher, setPublisherEnabled } from "../../publishers/change-publisher.ts";
import { revokePublisherTokens } from "../../publishers/revoke-publisher-tokens.ts";
import type { ModelPublisher } from "./exchange-model.contract.ts";
import type { ExchangeStep, PublisherChange } from "./exchange-step.contract.ts";
import type { RunWorld } from "./run-world.contract.ts";

export async function addRunPublisher(
  world: RunWorld,
  step: Extract<ExchangeStep, { kind: "add-publisher" }>,
): Promise<void> {
  const { issuer, target, ref, ttlSeconds } = step;
  const { provider, url } = world.issuer(issuer);
  const access = target === 2 ? "read" : step.access;
  const claims = {
    ...(provider === "custom" ? { sub: "robot" } : { project_id: "20" }),
    ...(ref === undefined ? {} : { [provider === "custom" ? "ref" : "branch"]: ref }),
  };
  const { authority, model } = world;
  const { parts, clock } = authority;
  const wanted = { issuer, target, ref, access, ttlSeconds, createdAt: world.now } as const;
  const expected = !world.modelIssuer(issuer).enabled
    ? "invalid_field"
    : model.hasSuchPublisher(wanted)
      ? "already_exists"
      : "added";
  let outcome = "added";
  try {
    const { publisher } = await addPublisher(
      world.resource(target),
      { provider, issuer: url, claims, access, ttl_seconds: ttlSeconds },
      authority.caller(),
      { ...parts, clock, newId: () => authority.newId(), newRepoId: () => authority.newId() },
    );
    model.publishers.push({ ...wanted, id: publisher.id, enabled: true });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    outcome = error.code;
  }
  assert.equal(outcome, expected);
  await world.audit.take(expected === "added" ? 1 : 0);
}

/** @returns what makes the same change to the model. */
export async function changeRunPublisher(
  world: RunWorld,
  publisher: ModelPublisher,
  change: PublisherChange,
): Promise<() => void> {
  const { id } = publisher;
  const { authority, model } = world;
  const { parts } = authority;
  const resource = world.resource(publisher.target);
  const caller = authority.caller();
  switch (change) {
    case "remove":
      await removePublisher(resource, id, caller, parts);
      return () => model.removePublisher(publisher);
    case "revoke-tokens":
      await revokePublisherTokens(resource, id, caller, parts);
      return () => model.revokeTokensOf(publisher);
    case "enable":
    case "disable":
      await setPublisherEnabled(resource, id, { enabled: change === "enable" }, caller, parts);
      return () => {
        publisher.enabled = change === "enable";
      };
  }
}
