import { once } from "node:events";
import { resolve } from "node:path";
import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { loadAudit } from "../../optional/load-audit.ts";
import { openManagement } from "../../session/management.ts";
import { remoteEntries } from "./remote-entries.ts";

export interface ExportOptions {
  readonly data?: string;
  readonly after?: string;
}

/** JSON lines on stdout, from a data folder or from the server. */
export async function exportAudit(context: CliContext, options: ExportOptions): Promise<void> {
  const after = options.after ?? "0";
  if (!/^\d{1,15}$/.test(after))
    throw usageError(`'${after}' is no entry's number.`, "Use the seq of the last entry you have.");
  if (options.data !== undefined) {
    if (options.after !== undefined) throw usageError("--after does not go with --data.", "Leave one of the two out.");
    const { exportAuditData } = await loadAudit("Reading a data folder");
    await exportAuditData(resolve(context.cwd, options.data), process.stdout);
    return;
  }
  for await (const line of remoteEntries(openManagement(context), Number(after))) {
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain", { signal: context.signal });
  }
}
