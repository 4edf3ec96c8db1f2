import type { AuditHead } from "../audit-entry.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import type { NoteKey } from "./note-key.ts";
import { openNote, unverifiedNoteText } from "./signed-note.ts";

/**
 * Why a database cannot be the one that a checkpoint was made of:
 * `older` – it ends before it: an old copy was put back; `rewritten` – another entry stands where the checkpoint was made; `foreign` – the
 * checkpoint was signed with a key that the database does not hold: it belongs to another, or to one from before that key; `forged` – the
 * checkpoint carries this log's name and not its signature.
 */
export interface Rollback {
  readonly reason: "older" | "rewritten" | "foreign" | "forged";
  /** Name of the sink that has the checkpoint. */
  readonly sink: string;
  /** How many entries the checkpoint speaks of. */
  readonly checkpointSize: number;
  /** How many there are. */
  readonly size: number;
}

export interface RollbackDeps {
  readonly head: AuditHead;
  /** `hash` of an entry that is there. */
  readonly hashAt: (seq: number) => Promise<string | undefined>;
  /** Root over the first entries. */
  readonly rootAt: (size: number) => Promise<Uint8Array>;
  /** The key of this log; `undefined` when it never made a checkpoint. */
  readonly key: NoteKey | undefined;
}

/** The first of some notes that is a whole checkpoint, whoever signed it: what a crash cut off in its signature is passed over. */
export function wholeCheckpointNote(notes: readonly string[], key: NoteKey | undefined): string | undefined {
  return notes.find(
    (note) =>
      parseCheckpoint(unverifiedNoteText(note) ?? "") !== undefined &&
      (key === undefined || openNote(note, key).kind !== "malformed"),
  );
}

/** Compares the database with the newest checkpoint of one sink. @returns `undefined` when they fit. */
export async function findRollback(sink: string, note: string, deps: RollbackDeps): Promise<Rollback | undefined> {
  const checkpoint = parseCheckpoint(unverifiedNoteText(note) ?? "");
  if (checkpoint === undefined) return undefined;
  const found = (reason: Rollback["reason"]): Rollback => ({
    reason,
    sink,
    checkpointSize: checkpoint.size,
    size: deps.head.seq,
  });
  const opened = deps.key === undefined ? "unsigned" : openNote(note, deps.key).kind;
  if (opened === "forged") return found("forged");
  if (opened !== "signed") return found("foreign");
  if (checkpoint.size > deps.head.seq) return found("older");
  if (checkpoint.size === 0) return undefined;
  // The chain head is one look-up and covers everything before it; the root also covers what a stored tree would be used for.
  if (checkpoint.head !== undefined && (await deps.hashAt(checkpoint.size)) !== checkpoint.head)
    return found("rewritten");
  return Buffer.compare(await deps.rootAt(checkpoint.size), checkpoint.root) === 0 ? undefined : found("rewritten");
}
