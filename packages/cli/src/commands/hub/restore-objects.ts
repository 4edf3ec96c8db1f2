import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { openManagement } from "../../session/management.ts";

export interface RestoreOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `POST /storage/gc/restore`. */
export async function restoreObjects(
  context: CliContext,
  oids: readonly string[],
  options: RestoreOptions,
): Promise<void> {
  if ((options.all === true) === oids.length > 0) {
    throw usageError("Name the large files, or say --all.", "`postern hub gc restore --all` brings everything back.");
  }
  const wrong = oids.find((oid) => !/^[0-9a-f]{64}$/.test(oid));
  if (wrong !== undefined) throw usageError(`'${wrong}' is no SHA-256.`, "Write 64 digits of lower-case hexadecimal.");
  const body = options.all === true ? { all: true } : { oids };
  const answer = await openManagement(context).call("/storage/gc/restore", { method: "POST", body });
  if (options.json === true) context.terminal.json(answer);
  else context.terminal.out(`${String(answer.count)} brought back.`);
}
