import type { CliContext } from "../../context/cli-context.ts";
import { isRecord, type JsonRecord } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { formatByteSize } from "../../terminal/byte-size.ts";

export interface CollectOptions {
  readonly dryRun?: boolean;
  readonly allowEmptyTables?: boolean;
  readonly json?: boolean;
}

/** `POST /storage/gc`. */
export async function collectGarbage(context: CliContext, options: CollectOptions): Promise<void> {
  const { terminal } = context;
  const answer = await openManagement(context).call("/storage/gc", {
    method: "POST",
    body: { dry_run: options.dryRun === true, allow_empty_tables: options.allowEmptyTables === true },
  });
  if (options.json === true) {
    terminal.json(answer);
    return;
  }
  const would = options.dryRun === true ? "would be " : "";
  terminal.out(`${String(answer.objects)} large files, ${String(answer.reachable)} in use.`);
  terminal.out(`${amount(answer, "quarantined")} ${would}put aside; they come back when somebody needs them.`);
  terminal.out(`${amount(answer, "removed")} ${would}removed for good.`);
  if (amountOf(answer, "restored").count > 0)
    terminal.out(`${amount(answer, "restored")} ${would}brought back, because they are in use.`);
  if (answer.more === true) terminal.out("There is more: run it again.");
  if (options.dryRun === true && isRecord(answer.oids)) {
    for (const what of ["quarantined", "removed"]) {
      const oids = answer.oids[what];
      if (Array.isArray(oids))
        for (const oid of oids) terminal.out(`  ${what === "removed" ? "remove" : "put aside"} ${String(oid)}`);
    }
  }
}

function amountOf(answer: JsonRecord, name: string): { readonly count: number; readonly bytes: number | undefined } {
  const value = answer[name];
  if (!isRecord(value)) return { count: 0, bytes: undefined };
  return {
    count: typeof value.count === "number" ? value.count : 0,
    bytes: typeof value.bytes === "number" ? value.bytes : undefined,
  };
}

function amount(answer: JsonRecord, name: string): string {
  const { count, bytes } = amountOf(answer, name);
  return bytes === undefined ? String(count) : `${count} (${formatByteSize(bytes)})`;
}
