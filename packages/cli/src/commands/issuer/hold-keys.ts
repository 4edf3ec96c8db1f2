import type { CliContext } from "../../context/cli-context.ts";
import { openManagement } from "../../session/management.ts";
import { findIssuer } from "./find-issuer.ts";

export interface HoldKeysOptions {
  readonly off?: boolean;
  readonly json?: boolean;
}

/** `PATCH /issuers/{id}`. */
export async function holdKeys(context: CliContext, idOrUrl: string, options: HoldKeysOptions): Promise<void> {
  const management = openManagement(context);
  const id = await findIssuer(management, idOrUrl);
  const hold = options.off !== true;
  const body = { hold_keys: hold };
  const changed = await management.call(`/issuers/${encodeURIComponent(id)}`, { method: "PATCH", body });
  if (options.json === true) context.terminal.json(changed);
  else
    context.terminal.out(
      hold
        ? `New keys of the issuer ${idOrUrl} wait from now on: \`postern issuer confirm-keys\`.`
        : `Whatever keys the issuer ${idOrUrl} shows are used from now on.`,
    );
}
