import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";
import { findIssuer } from "./find-issuer.ts";
import { readKeySetFile } from "./key-set-file.ts";

export interface NewKeys {
  readonly jwks: string;
  readonly json?: boolean;
}

/** `PATCH /issuers/{id}`. */
export async function replaceKeys(context: CliContext, idOrUrl: string, { jwks, json }: NewKeys): Promise<void> {
  const body = { jwks: await readKeySetFile(context, jwks) };
  const management = openManagement(context);
  const id = await findIssuer(management, idOrUrl);
  const changed = await management.call(`/issuers/${encodeURIComponent(id)}`, { method: "PATCH", body });
  if (json === true) context.terminal.json(changed);
  else
    context.terminal.out(`Replaced the keys of the issuer ${idOrUrl}: tokens by the old ones are refused from now on.`);
}
