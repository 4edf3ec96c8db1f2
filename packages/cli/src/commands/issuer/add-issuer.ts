import type { CliContext } from "../../context/cli-context.ts";
import { cell } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";

export interface NewIssuer {
  readonly provider: string;
  readonly url: string;
  readonly allowOrigin?: readonly string[];
  readonly json?: boolean;
}

/** `POST /issuers`. */
export async function addIssuer(context: CliContext, { provider, url, allowOrigin, json }: NewIssuer): Promise<void> {
  const body = { provider, url, ...(allowOrigin === undefined ? {} : { allow_origins: allowOrigin }) };
  const added = await openManagement(context).call("/issuers", { method: "POST", body });
  if (json === true) context.terminal.json(added);
  else context.terminal.out(`Added the issuer ${url} (${provider}) with the id ${cell(added, "id")}.`);
}
