import type { CliContext } from "../../context/cli-context.ts";
import { cell } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { readKeySetFile } from "./key-set-file.ts";

export interface NewIssuer {
  readonly provider: string;
  readonly url: string;
  /** File with the issuer's public keys; nothing is fetched then. */
  readonly jwks?: string;
  /** Keys that it shows later wait to be confirmed. */
  readonly holdKeys?: boolean;
  readonly allowOrigin?: readonly string[];
  readonly json?: boolean;
}

/** `POST /issuers`. */
export async function addIssuer(context: CliContext, issuer: NewIssuer): Promise<void> {
  const { provider, url, jwks, holdKeys, allowOrigin, json } = issuer;
  const body = {
    provider,
    url,
    ...(allowOrigin === undefined ? {} : { allow_origins: allowOrigin }),
    ...(holdKeys === true ? { hold_keys: true } : {}),
    ...(jwks === undefined ? {} : { jwks: await readKeySetFile(context, jwks) }),
  };
  const added = await openManagement(context).call("/issuers", { method: "POST", body });
  if (json === true) context.terminal.json(added);
  else context.terminal.out(`Added the issuer ${url} (${provider}) with the id ${cell(added, "id")}.`);
}
