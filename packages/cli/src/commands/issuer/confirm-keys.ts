import type { CliContext } from "../../context/cli-context.ts";
import { CliError } from "../../failure/cli-error.ts";
import { recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { findIssuer } from "./find-issuer.ts";

export interface KeysToConfirm {
  /** Thumbprints; every key that waits when left out. */
  readonly key?: readonly string[];
  readonly json?: boolean;
}

/** `POST /issuers/{id}/confirm-keys`, naming each key, so that one that comes in between is not confirmed unseen. */
export async function confirmKeys(context: CliContext, idOrUrl: string, { key, json }: KeysToConfirm): Promise<void> {
  const management = openManagement(context);
  const id = await findIssuer(management, idOrUrl);
  const issuers = key === undefined ? recordsIn(await management.call("/issuers"), "issuers") : [];
  const keys = key ?? textsIn(issuers.find((issuer) => issuer.id === id)?.held_keys);
  if (keys.length === 0)
    throw new CliError(`No key of the issuer ${idOrUrl} waits to be confirmed.`, {
      next: "`postern issuer list` shows which issuers have keys that wait.",
    });
  const body = { keys };
  const changed = await management.call(`/issuers/${encodeURIComponent(id)}/confirm-keys`, { method: "POST", body });
  if (json === true) context.terminal.json(changed);
  else context.terminal.out(`Confirmed keys of the issuer ${idOrUrl}, by RFC 7638 thumbprint:\n  ${keys.join("\n  ")}`);
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
