import { hash } from "node:crypto";
import { ApiError } from "@postern/core/error/api-error";
import type { Issuer } from "@postern/core/issuer/issuer";
import { type Caller, changeEvent, requireAdministrator, requirePerson } from "../accounts/caller.ts";
import { parseIssuerDraft } from "./issuer-draft.ts";
import type { IssuerProbe } from "./issuer-probe.ts";
import type { IssuerStore } from "./issuer-store.ts";
import { probeRefusal } from "./probe-refusal.ts";
import { parseUploadedKeySet } from "./uploaded-key-set.ts";

export interface IssuerDeps {
  /** Makes an id that was never used before. */
  readonly newId: () => string;
  readonly issuers: IssuerStore;
  readonly probe: IssuerProbe;
  /** Origins that every issuer may use although they are loopback, private or plain http; from the operator's configuration. */
  readonly configuredOrigins: readonly string[];
}

/** @throws {ApiError} `unauthenticated`, `forbidden`. */
export async function listIssuers(caller: Caller, deps: Pick<IssuerDeps, "issuers">): Promise<readonly Issuer[]> {
  requirePerson(caller);
  return deps.issuers.list();
}

/**
 * Stores an issuer after reading its discovery document and its keys. With uploaded keys nothing is read from anywhere.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`; `invalid_field` naming the field and the remedy, also when the issuer cannot be
 *   reached or calls itself otherwise; `already_exists`.
 */
export async function addIssuer(body: unknown, caller: Caller, deps: IssuerDeps): Promise<Issuer> {
  requireAdministrator(caller);
  const { holdKeys, ...draft } = parseIssuerDraft(body, deps.configuredOrigins);
  const asked: Issuer = { id: deps.newId(), ...draft, enabled: true };
  if ((await deps.issuers.findByUrl(asked.url)) !== undefined) throw alreadyStored();
  const probed = asked.keySet === undefined ? await deps.probe.probe(asked) : undefined;
  const refusal = probed === undefined ? undefined : probeRefusal(asked, probed);
  if (refusal !== undefined) throw refusal;
  const issuer: Issuer =
    holdKeys && probed?.kind === "usable" ? { ...asked, confirmedKeys: probed.thumbprints } : asked;
  const event = changeEvent(caller, "issuer.add", `issuers/${issuer.id}`, {
    provider: issuer.provider,
    url: issuer.url,
    allow_origins: issuer.allowOrigins,
    ...(issuer.keySet === undefined ? {} : { key_set_sha256: hash("sha256", issuer.keySet, "hex") }),
    ...(issuer.confirmedKeys === undefined ? {} : { hold_keys: true, confirmed_keys: issuer.confirmedKeys }),
  });
  if ((await deps.issuers.add(issuer, event)) === "exists") throw alreadyStored();
  return issuer;
}

/**
 * Puts other keys in the place of an issuer's uploaded ones: a private cluster changes its keys too, and its publishers stay.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_body`, `invalid_field`; `conflict` for an issuer whose keys
 *   are fetched.
 */
export async function replaceIssuerKeys(
  id: string,
  body: unknown,
  caller: Caller,
  deps: Pick<IssuerDeps, "issuers">,
): Promise<Issuer> {
  requireAdministrator(caller);
  const issuer = await deps.issuers.find(id);
  if (issuer === undefined) throw noSuchIssuer();
  if (typeof body !== "object" || body === null || !("jwks" in body) || Object.keys(body).length !== 1)
    throw new ApiError("invalid_body", "The body must be a JSON object with jwks and nothing else.");
  const keySet = parseUploadedKeySet(body.jwks, issuer.provider);
  if (issuer.keySet === undefined)
    throw new ApiError("conflict", "The keys of this issuer are fetched.", {
      remedy: "Remove the issuer and add it with jwks.",
    });
  const event = changeEvent(caller, "issuer.change", `issuers/${id}`, {
    url: issuer.url,
    old_key_set_sha256: hash("sha256", issuer.keySet, "hex"),
    key_set_sha256: hash("sha256", keySet, "hex"),
  });
  if ((await deps.issuers.replaceKeys(id, keySet, event)) === "missing") throw noSuchIssuer();
  return { ...issuer, keySet };
}

/** @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`; `conflict` while a publisher names the issuer. */
export async function removeIssuer(id: string, caller: Caller, deps: Pick<IssuerDeps, "issuers">): Promise<void> {
  requireAdministrator(caller);
  const issuer = await deps.issuers.find(id);
  if (issuer === undefined) throw noSuchIssuer();
  const event = changeEvent(caller, "issuer.remove", `issuers/${id}`, { url: issuer.url });
  switch (await deps.issuers.remove(id, event)) {
    case "removed":
      return;
    case "missing":
      throw noSuchIssuer();
    case "in-use":
      throw new ApiError("conflict", "A publisher still names this issuer.", {
        remedy: "Remove the publishers of this issuer first.",
      });
  }
}

function alreadyStored(): ApiError {
  return new ApiError("already_exists", "This issuer is stored already.");
}

function noSuchIssuer(): ApiError {
  return new ApiError("not_found", "There is no such issuer.");
}
