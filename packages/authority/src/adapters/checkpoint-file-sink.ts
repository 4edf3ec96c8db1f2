import { open, stat } from "node:fs/promises";
import type { CheckpointSink } from "../audit/checkpoint/checkpoint-sink.ts";
import { noteListItem, notesOf } from "../audit/checkpoint/note-list.ts";

/** Bytes of the end of the file that are read to find the newest note; a note has about 250. */
const TAIL = 64 * 1024;

/** Checkpoints in a file: appended, synced, never rewritten, so that the file may be append-only (`chattr +a`) or on another machine. */
export class CheckpointFileSink implements CheckpointSink {
  readonly name: string;
  readonly #path: string;
  readonly #isSynced: boolean;
  #endsClean = false;

  /** @param isSynced - Whether a checkpoint counts as kept only once it would survive a power cut. */
  constructor(name: string, path: string, isSynced: boolean) {
    this.name = name;
    this.#path = path;
    this.#isSynced = isSynced;
  }

  async send(note: string): Promise<void> {
    const isNew = await stat(this.#path).then(
      () => false,
      () => true,
    );
    // Opened each time: a file that was rotated away or whose disk came back is then the right one.
    const file = await open(this.#path, "a", 0o600);
    try {
      // What a crash cut off must not run into the next note.
      const text = this.#endsClean || isNew ? noteListItem(note) : `\n\n${noteListItem(note)}`;
      this.#endsClean = false;
      const { bytesWritten } = await file.write(text);
      if (bytesWritten !== Buffer.byteLength(text)) throw new Error("the checkpoint file took only a part");
      if (this.#isSynced) await file.datasync();
      this.#endsClean = true;
    } finally {
      await file.close();
    }
  }

  /** The last notes in the file, newest first; the first may be cut off by a crash. @throws the system's error when it cannot be read. */
  async newest(): Promise<readonly string[]> {
    const file = await open(this.#path, "r").catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) return [];
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL), 0, TAIL, Math.max(0, size - TAIL));
      const notes: string[] = [];
      for await (const note of notesOf(buffer.toString("utf8", 0, bytesRead).split("\n"))) notes.push(note);
      return notes.reverse();
    } finally {
      await file.close();
    }
  }
}
