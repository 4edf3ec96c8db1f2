import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { openManagement } from "../../session/management.ts";
import { findIssuer } from "../issuer/find-issuer.ts";

export interface SwitchOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

/** `PATCH /switches/{name}`; for the URL of an issuer, `PATCH /issuers/{id}`. */
export async function changeSwitch(
  context: CliContext,
  name: string,
  on: boolean,
  { reason, json }: SwitchOptions,
): Promise<void> {
  const isIssuer = name.includes("://");
  if (isIssuer && reason !== undefined)
    throw usageError("An issuer is switched without a reason.", "Leave --reason out.");
  const management = openManagement(context);
  const changed = isIssuer
    ? await management.call(`/issuers/${encodeURIComponent(await findIssuer(management, name))}`, {
        method: "PATCH",
        body: { enabled: on },
      })
    : await management.call(`/switches/${encodeURIComponent(name)}`, {
        method: "PATCH",
        body: { on, ...(reason === undefined ? {} : { reason }) },
      });
  if (json === true) context.terminal.json(changed);
  else context.terminal.out(`Switched ${on ? "on" : "off"}: ${name}. It counts from the next request on.`);
}
