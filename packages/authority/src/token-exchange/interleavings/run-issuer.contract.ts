import { strict as assert } from "node:assert";
import { addIssuer, replaceIssuerKeys } from "../../issuers/manage-issuers.ts";
import { switchIssuer } from "../../issuers/switch-issuer.ts";
import {
  DISCOVERY_PATH,
  ecKey,
  type IssuerKeyPair,
  type LocalIssuer,
  publicJwk,
  rsaKey,
  sendJson,
} from "../local-issuer.contract.ts";
import { nextSerial, type RunProvider, type RunWorld } from "./run-world.contract.ts";

/** Few keys under ever new ids: making them would take longer than all the rest of a run. */
const KEYS: Readonly<Record<RunProvider, readonly IssuerKeyPair[]>> = {
  custom: [ecKey("", "P-256"), ecKey("", "P-256"), ecKey("", "P-256")],
  gitlab: [rsaKey(""), rsaKey(""), rsaKey("")],
};

export async function addRunIssuer(world: RunWorld, provider: RunProvider, index: number): Promise<void> {
  const { authority, http, name } = world;
  const key = newKey(provider);
  const url = http === undefined ? `https://${name}-${provider}.example` : `${http.origin}/${name}-${provider}`;
  if (http !== undefined) show(http, url, [key]);
  const { parts } = authority;
  const body = { provider, url, ...(http === undefined ? { jwks: { keys: [publicJwk(key)] } } : {}) };
  const { id } = await addIssuer(body, authority.caller(), {
    ...parts,
    configuredOrigins: parts.allowedOrigins,
    newId: () => authority.newId(),
  });
  world.issuers[index] = { id, url, provider, keys: [key], lastJti: "" };
  world.model.issuers[index] = { enabled: true, published: [key.kid] };
}

export async function rotateIssuer(world: RunWorld, index: number, keepsOld: boolean): Promise<void> {
  const { authority, http } = world;
  const issuer = world.issuer(index);
  const old = issuer.keys.at(-1);
  const next = newKey(issuer.provider);
  issuer.keys.push(next);
  const shown = keepsOld && old !== undefined ? [next, old] : [next];
  world.modelIssuer(index).published = shown.map(({ kid }) => kid);
  if (http !== undefined) return show(http, issuer.url, shown);
  const body = { jwks: { keys: shown.map(publicJwk) } };
  await replaceIssuerKeys(issuer.id, body, authority.caller(), authority.parts);
  await world.audit.take(1);
}

export async function switchRunIssuer(world: RunWorld, index: number, enabled: boolean): Promise<void> {
  const { authority } = world;
  await switchIssuer(world.issuer(index).id, { enabled }, authority.caller(), authority.parts);
  world.modelIssuer(index).enabled = enabled;
  await world.audit.take(1);
}

function newKey(provider: RunProvider): IssuerKeyPair {
  const serial = nextSerial();
  const pool = KEYS[provider];
  const key = pool[serial % pool.length];
  assert.ok(key !== undefined);
  return { ...key, kid: `key-${serial}` };
}

function show(http: LocalIssuer, url: string, keys: readonly IssuerKeyPair[]): void {
  const { pathname } = new URL(url);
  http.answers.set(`${pathname}${DISCOVERY_PATH}`, (_, response) =>
    sendJson(response, { issuer: url, jwks_uri: `${url}/jwks` }),
  );
  http.answers.set(`${pathname}/jwks`, (_, response) => sendJson(response, { keys: keys.map(publicJwk) }));
}
