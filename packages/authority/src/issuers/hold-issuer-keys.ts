import { ApiError } from "@postern/core/error/api-error";
import type { Issuer } from "@postern/core/issuer/issuer";
import { type Caller, changeEvent, requireAdministrator } from "../accounts/caller.ts";
import { invalidField, parseDraftFields } from "../accounts/draft-fields.ts";
import type { SeenKeysStore } from "./issuer-key-watch.ts";
import type { IssuerProbe } from "./issuer-probe.ts";
import type { IssuerStore } from "./issuer-store.ts";
import { probeRefusal } from "./probe-refusal.ts";

export interface HoldKeysDeps {
  readonly issuers: Pick<IssuerStore, "find" | "setConfirmedKeys">;
  readonly seenKeys: Pick<SeenKeysStore, "find">;
  readonly probe: IssuerProbe;
}

/** Keys that the issuer shows and that nobody has confirmed, as thumbprints; none where changed keys are not held. */
export async function heldKeysOf(
  { id, confirmedKeys }: Issuer,
  { seenKeys }: Pick<HoldKeysDeps, "seenKeys">,
): Promise<readonly string[]> {
  if (confirmedKeys === undefined) return [];
  return ((await seenKeys.find(id)) ?? []).filter((thumbprint) => !confirmedKeys.includes(thumbprint));
}

/**
 * Says whether changed keys of an issuer wait for an administrator (TP1304). Switched on, the keys that tokens were verified with so far
 * count as confirmed; of an issuer that was never asked, those that it shows now.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_body`, `invalid_field`; `conflict` for uploaded keys.
 */
export async function holdIssuerKeys(id: string, body: unknown, caller: Caller, deps: HoldKeysDeps): Promise<Issuer> {
  requireAdministrator(caller);
  const { hold_keys: hold } = parseDraftFields(body, ["hold_keys"]);
  if (typeof hold !== "boolean")
    throw invalidField("hold_keys", "The hold_keys field is neither true nor false.", "Use true or false.");
  const issuer = await requireFetched(id, deps);
  const isOn = issuer.confirmedKeys !== undefined;
  if (isOn === hold) return issuer;
  return store(issuer, hold ? await trustedSoFar(issuer, deps) : undefined, "issuer.change", caller, deps);
}

/**
 * Confirms keys of an issuer that are held. The caller names them, so that keys that came after somebody looked are not confirmed
 * unseen. Confirmed keys that the issuer shows no longer are forgotten.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_body`, `invalid_field`; `conflict` where keys are not held, or
 *   the issuer was not seen with a named key.
 */
export async function confirmIssuerKeys(
  id: string,
  body: unknown,
  caller: Caller,
  deps: HoldKeysDeps,
): Promise<Issuer> {
  requireAdministrator(caller);
  const named = thumbprintsIn(parseDraftFields(body, ["keys"]).keys);
  const issuer = await requireFetched(id, deps);
  const { confirmedKeys } = issuer;
  if (confirmedKeys === undefined) throw new ApiError("conflict", "The keys of this issuer are not held.");
  const seen = (await deps.seenKeys.find(id)) ?? [];
  const missing = named.find((thumbprint) => !seen.includes(thumbprint));
  if (missing !== undefined)
    throw new ApiError("conflict", `The issuer was not seen with the key ${missing}.`, {
      remedy: "Look at held_keys of GET /issuers again.",
    });
  const confirmed = seen.filter((thumbprint) => named.includes(thumbprint) || confirmedKeys.includes(thumbprint));
  return store(issuer, confirmed, "issuer.confirm-keys", caller, deps);
}

async function requireFetched(id: string, { issuers }: HoldKeysDeps): Promise<Issuer> {
  const issuer = await issuers.find(id);
  if (issuer === undefined) throw noSuchIssuer();
  if (issuer.keySet === undefined) return issuer;
  throw new ApiError("conflict", "The keys of this issuer were uploaded: only an administrator changes them.");
}

async function trustedSoFar(issuer: Issuer, { seenKeys, probe }: HoldKeysDeps): Promise<readonly string[]> {
  const seen = await seenKeys.find(issuer.id);
  if (seen !== undefined) return seen;
  const outcome = await probe.probe(issuer);
  if (outcome.kind === "usable") return outcome.thumbprints;
  throw probeRefusal(issuer, outcome) ?? noSuchIssuer();
}

async function store(
  issuer: Issuer,
  confirmed: readonly string[] | undefined,
  event: string,
  caller: Caller,
  { issuers }: HoldKeysDeps,
): Promise<Issuer> {
  const { confirmedKeys: before, ...rest } = issuer;
  const audit = changeEvent(caller, event, `issuers/${issuer.id}`, {
    url: issuer.url,
    hold_keys: confirmed !== undefined,
    confirmed_keys: confirmed ?? [],
    added: (confirmed ?? []).filter((thumbprint) => before?.includes(thumbprint) !== true),
  });
  if ((await issuers.setConfirmedKeys(issuer.id, confirmed, audit)) === "missing") throw noSuchIssuer();
  return confirmed === undefined ? rest : { ...rest, confirmedKeys: confirmed };
}

function thumbprintsIn(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= 50) {
    const texts = value.filter((item) => typeof item === "string" && /^[\w-]{43}$/.test(item));
    if (texts.length === value.length) return texts;
  }
  throw invalidField("keys", "The keys are no list of thumbprints.", "Use those that held_keys of GET /issuers shows.");
}

function noSuchIssuer(): ApiError {
  return new ApiError("not_found", "There is no such issuer.");
}
