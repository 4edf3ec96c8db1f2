import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Checkpoint, parseCheckpoint } from "../audit/checkpoint/checkpoint.ts";
import type { NoteKey } from "../audit/checkpoint/note-key.ts";
import { notesOf } from "../audit/checkpoint/note-list.ts";
import { openNote, unverifiedNoteText } from "../audit/checkpoint/signed-note.ts";

/** What a file of checkpoints holds, for one key or, without one, for anybody's. */
export interface CheckpointFile {
  readonly checkpoints: readonly Checkpoint[];
  /** Notes in the key's name that it did not sign. */
  readonly forged: number;
  /** Notes of other keys, and what is no checkpoint. */
  readonly passedOver: number;
}

/** Reads a file of checkpoints. Without `key` nobody's signature is checked. @throws the system's error when it cannot be read. */
export async function readCheckpointFile(path: string, key: NoteKey | undefined): Promise<CheckpointFile> {
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  const checkpoints: Checkpoint[] = [];
  let forged = 0;
  let passedOver = 0;
  for await (const note of notesOf(lines)) {
    const opened =
      key === undefined ? { kind: "signed" as const, text: unverifiedNoteText(note) ?? "" } : openNote(note, key);
    const checkpoint = opened.kind === "signed" ? parseCheckpoint(opened.text) : undefined;
    if (checkpoint !== undefined) checkpoints.push(checkpoint);
    else if (opened.kind === "forged") forged += 1;
    else passedOver += 1;
  }
  return { checkpoints, forged, passedOver };
}
