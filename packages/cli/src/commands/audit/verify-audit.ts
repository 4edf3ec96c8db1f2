import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { loadServer } from "../../optional/load-server.ts";
import { openManagement } from "../../session/management.ts";
import { remoteEntries } from "./remote-entries.ts";

export interface VerifyOptions {
  readonly data?: string;
  readonly json?: boolean;
}

type Server = Awaited<ReturnType<typeof loadServer>>;
/** What each break means, for people. */
const FOUND: Readonly<Record<Extract<Verdict, { readonly kind: "broken" }>["reason"], string>> = {
  changed: "its content was changed after it was written.",
  missing: "it is missing.",
  reordered: "entries changed places, or one stands twice.",
  unlinked: "it does not follow the entry before it, so an earlier one was rewritten.",
  truncated: "the newest entries were cut off.",
  rewritten: "it is not the entry that was known to stand there.",
  unreadable: "what stands there is no entry.",
};

type Verdict = Awaited<ReturnType<Server["verifyAuditFile"]>>;

/** Verifies a data folder, an export, or what the server at HF_ENDPOINT hands out. */
export async function verifyAudit(
  context: CliContext,
  file: string | undefined,
  options: VerifyOptions,
): Promise<void> {
  if (file !== undefined && options.data !== undefined) {
    throw usageError("Either a file or a data folder.", "Leave one of the two out.");
  }
  const server = await loadServer("Verifying the audit log");
  report(context, await judge(context, server, file, options.data), options.json === true);
}

async function judge(
  context: CliContext,
  server: Server,
  file: string | undefined,
  data: string | undefined,
): Promise<Verdict> {
  if (data !== undefined) return server.verifyAuditData(resolve(context.cwd, data));
  if (file !== undefined) return server.verifyAuditFile(resolve(context.cwd, file));
  const folder = await mkdtemp(join(tmpdir(), "postern-audit-"));
  try {
    const copy = join(folder, "audit.jsonl");
    await pipeline(Readable.from(linesOf(context)), createWriteStream(copy, { mode: 0o600 }), {
      signal: context.signal,
    });
    return await server.verifyAuditFile(copy);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* linesOf(context: CliContext): AsyncGenerator<string> {
  for await (const line of remoteEntries(openManagement(context), 0)) yield `${line}\n`;
}

function report(context: CliContext, verdict: Verdict, json: boolean): void {
  const { terminal } = context;
  if (json) terminal.json(verdict);
  if (verdict.kind !== "intact") {
    throw new CliError(`The audit log is broken at entry ${verdict.seq}: ${FOUND[verdict.reason]}`, {
      next: "Keep a copy of the data folder, and compare with an earlier export.",
    });
  }
  if (!json) {
    terminal.out(`${terminal.style("green", "✓")} ${verdict.entries} entries, the chain is whole.`);
    terminal.out(`head: ${verdict.head.seq} ${verdict.head.hash}`);
  }
}
