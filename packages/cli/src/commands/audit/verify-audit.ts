import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { loadAudit } from "../../optional/load-audit.ts";
import { openManagement } from "../../session/management.ts";
import { remoteEntries } from "./remote-entries.ts";

export interface VerifyOptions {
  readonly data?: string;
  readonly checkpoints?: string;
  readonly key?: string;
  readonly head?: string;
  readonly json?: boolean;
}

type AuditReading = Awaited<ReturnType<typeof loadAudit>>;
type Verdict = Awaited<ReturnType<AuditReading["verifyAuditFile"]>>;
type Broken = Extract<Verdict["chain"], { readonly kind: "broken" }>;

/** What each break means, for people. */
const FOUND: Readonly<Record<Broken["reason"], string>> = {
  changed: "its content was changed after it was written.",
  missing: "it is missing.",
  reordered: "entries changed places, or one stands twice.",
  unlinked: "it does not follow the entry before it, so an earlier one was rewritten.",
  truncated:
    "the log ends here, before what is known of it: its newest entries were cut off, or an old copy was put back.",
  rewritten: "what stands there, or before it, is not what was known to: the history was computed anew.",
  forked: "the checkpoints contradict each other: the log signed two histories.",
  unreadable: "what stands there is no entry.",
};

/** Verifies a data folder, an export, or what the server at HF_ENDPOINT hands out. */
export async function verifyAudit(
  context: CliContext,
  file: string | undefined,
  options: VerifyOptions,
): Promise<void> {
  if (file !== undefined && options.data !== undefined) {
    throw usageError("Either a file or a data folder.", "Leave one of the two out.");
  }
  const comparison = {
    checkpoints: options.checkpoints === undefined ? undefined : resolve(context.cwd, options.checkpoints),
    key: options.key,
    knownHead: options.head === undefined ? undefined : parseHead(options.head),
  };
  const reading = await loadAudit("Verifying the audit log");
  report(context, await judge(context, reading, file, options.data, comparison), options.json === true);
}

async function judge(
  context: CliContext,
  reading: AuditReading,
  file: string | undefined,
  data: string | undefined,
  comparison: Parameters<AuditReading["verifyAuditFile"]>[1],
): Promise<Verdict> {
  if (data !== undefined) return reading.verifyAuditData(resolve(context.cwd, data), comparison);
  if (file !== undefined) return reading.verifyAuditFile(resolve(context.cwd, file), comparison);
  const folder = await mkdtemp(join(tmpdir(), "postern-audit-"));
  try {
    const copy = join(folder, "audit.jsonl");
    await pipeline(Readable.from(linesOf(context)), createWriteStream(copy, { mode: 0o600 }), {
      signal: context.signal,
    });
    return await reading.verifyAuditFile(copy, comparison);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* linesOf(context: CliContext): AsyncGenerator<string> {
  for await (const line of remoteEntries(openManagement(context), 0)) yield `${line}\n`;
}

function report(context: CliContext, verdict: Verdict, json: boolean): void {
  const { terminal } = context;
  const { chain, forged, passedOver, isSignatureChecked } = verdict;
  if (json)
    terminal.json({
      ...chain,
      forged_checkpoints: forged,
      passed_over_notes: passedOver,
      signatures_checked: isSignatureChecked,
    });
  if (chain.kind !== "intact") throw brokenLog(chain);
  if (forged > 0) {
    throw new CliError(`${forged} checkpoints carry this log's name but not its signature.`, {
      next: "Somebody wrote into the file of checkpoints: compare with another copy of it.",
    });
  }
  if (json) return;
  terminal.out(`${terminal.style("green", "✓")} ${chain.entries} entries, the chain is whole.`);
  if (chain.checkpoints > 0) terminal.out(`${terminal.style("green", "✓")} It fits ${chain.checkpoints} checkpoints.`);
  else terminal.out("It was compared with no checkpoint: a chain alone cannot show that its end was cut off.");
  if (!isSignatureChecked) terminal.out("Nobody's signature was checked: name the log's key with --key.");
  if (passedOver > 0) terminal.out(`${passedOver} notes of other keys were passed over.`);
  terminal.out(`head: ${chain.head.seq}:${chain.head.hash}`);
  if (chain.root !== undefined) terminal.out(`root: ${chain.root}`);
}

function brokenLog({ seq, reason, agreesUpTo }: Broken): CliError {
  const agrees =
    agreesUpTo === undefined || agreesUpTo === 0 ? "" : ` Up to entry ${agreesUpTo} it fits its checkpoints.`;
  return new CliError(`The audit log is broken at entry ${seq}: ${FOUND[reason]}${agrees}`, {
    next: "Keep a copy of the data folder, and compare with an earlier export.",
  });
}

function parseHead(text: string): { readonly seq: number; readonly hash: string } {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw usageError(`'${text}' is no head.`, "Write --head SEQ:HASH, as `postern audit verify` prints it.");
  return { seq: Number(seq), hash };
}
