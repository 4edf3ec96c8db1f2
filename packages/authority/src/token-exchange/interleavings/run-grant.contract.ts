import { strict as assert } from "node:assert";
import { createPublicKey, type KeyObject } from "node:crypto";
import { ApiError } from "@postern/core/error/api-error";
import { HubError } from "@postern/core/error/hub-error";
import { compactVerify, decodeProtectedHeader } from "jose";
import { revokeToken } from "../../tokens/revoke-token.ts";
import { rotateKeys } from "../../tokens/rotate-keys.ts";
import type { RunGrant, RunWorld } from "./run-world.contract.ts";

/** Our own public keys, imported once. */
const OWN_KEYS = new Map<string, KeyObject>();

export async function lookAtEveryToken(world: RunWorld): Promise<void> {
  for (const grant of world.grants) await lookAtToken(world, grant);
}

/** A token is good exactly as long as the model says, and reaches exactly what its publisher may. */
export async function lookAtToken(world: RunWorld, { model, text, tokenId }: RunGrant): Promise<void> {
  const { gatekeeper } = world.authority.parts;
  const isLive = world.model.isLive(model, world.now);
  world.count(isLive ? "live token" : "dead token");
  try {
    const principal = await gatekeeper.identify(`Bearer ${text}`);
    assert.ok(isLive, "a token is accepted that the model calls dead");
    const { target, access } = model.publisher;
    const resource = world.resource(target);
    if (principal.kind === "user-workload") {
      assert.deepEqual([resource.kind, principal.name], ["user", "root"]);
      return;
    }
    assert.ok(principal.kind === "repo-workload" && resource.kind === "repo");
    assert.deepEqual(
      [principal.tokenId, principal.repo, principal.access, principal.expiresAt],
      [tokenId, resource.repo, access, model.expiresAt],
    );
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    assert.ok(!isLive, "a token is refused that the model calls live");
    return;
  }
  await verifyOffline(world, text.slice("hf_jwt_".length));
}

export async function revokeRunToken(world: RunWorld, grant: RunGrant | undefined): Promise<void> {
  if (grant === undefined) return;
  const { parts, clock } = world.authority;
  const wasLive = world.model.isLive(grant.model, world.now);
  const request = { requestId: world.authority.newId(), sourceAddress: undefined, via: "oauth" } as const;
  await revokeToken(grant.text, request, { tokens: parts.tokens, clock });
  if (wasLive) grant.model.isRevoked = true;
  await world.audit.take(wasLive ? 1 : 0);
  await lookAtToken(world, grant);
}

export async function rotateOwnKeys({ authority, audit }: RunWorld): Promise<void> {
  const { parts, clock } = authority;
  const [newest] = parts.keyRing.keys;
  const isDue = newest?.kid === parts.keyRing.current.kid;
  let outcome = "rotated";
  try {
    await rotateKeys(authority.caller(), { keyRing: parts.keyRing, clock });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    outcome = error.code;
  }
  assert.equal(outcome, isDue ? "rotated" : "conflict");
  await audit.take(isDue ? 1 : 0);
}

/** A live token's key is published, and its signature holds for whoever has only that. */
async function verifyOffline(world: RunWorld, jwt: string): Promise<void> {
  const { keyRing } = world.authority.parts;
  const published = keyRing.jwks.keys.find(({ kid }) => kid === decodeProtectedHeader(jwt).kid);
  assert.ok(published !== undefined, "a live token's key is not published");
  world.count(published.kid === keyRing.current.kid ? "signed by the current key" : "signed by an older key");
  const known = OWN_KEYS.get(published.x) ?? createPublicKey({ key: { ...published }, format: "jwk" });
  OWN_KEYS.set(published.x, known);
  await compactVerify(jwt, known);
}
