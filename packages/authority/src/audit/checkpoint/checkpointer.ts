import type { AuditHead } from "../audit-entry.ts";
import type { AuditTree } from "../merkle/audit-tree.ts";
import { type Checkpoint, checkpointText, parseCheckpoint } from "./checkpoint.ts";
import type { CheckpointDelivery } from "./checkpoint-delivery.ts";
import type { CheckpointKey } from "./checkpoint-key.ts";
import type { NoteKey } from "./note-key.ts";
import { openNote, signNote } from "./signed-note.ts";

/** After so many new entries a checkpoint is made without waiting for the minute to end. */
const MAX_UNCHECKED = 1000;

/** How long a stop waits for a sink that does not answer, in milliseconds. */
const STOP_GRACE_MS = 3000;

/** A checkpoint as it was signed. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: string;
}

/** The checkpoint in a note. @returns `undefined` when it is none, or not signed by this key. */
export function signedCheckpointOf(note: string, key: NoteKey): SignedCheckpoint | undefined {
  const opened = openNote(note, key);
  const checkpoint = opened.kind === "signed" ? parseCheckpoint(opened.text) : undefined;
  return checkpoint === undefined ? undefined : { ...checkpoint, note };
}

export interface CheckpointerDeps {
  /** The head, once everything up to it would survive a power cut: a checkpoint of what may be lost would be a false alarm later. */
  readonly durableHead: () => Promise<AuditHead>;
  readonly tree: AuditTree;
  readonly key: CheckpointKey;
  readonly deliveries: readonly CheckpointDelivery[];
  /** The newest checkpoint of an earlier run, if one is known. */
  readonly latest: SignedCheckpoint | undefined;
  /** A checkpoint could not be made; the next turn tries again. */
  readonly onFailure: (cause: unknown) => void;
}

/** Makes signed checkpoints of the audit log and sends them off. No request waits for it. */
export class Checkpointer {
  readonly #deps: CheckpointerDeps;
  #latest: SignedCheckpoint | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  /** After a failure only the clock tries again: a log that is written fast would try at every commit. */
  #hasFailed = false;

  constructor(deps: CheckpointerDeps) {
    this.#deps = deps;
    this.#latest = deps.latest;
  }

  get latest(): SignedCheckpoint | undefined {
    return this.#latest;
  }

  get deliveries(): readonly CheckpointDelivery[] {
    return this.#deps.deliveries;
  }

  /** To be told after each commit: makes a checkpoint when enough entries have gathered. Returns at once. */
  noteHead({ seq }: AuditHead): void {
    const isDue = seq - (this.#latest?.size ?? 0) >= MAX_UNCHECKED;
    if (isDue && !this.#hasFailed && this.#running === undefined) void this.checkpoint();
  }

  /** Makes a checkpoint if there are new entries. Never rejects: what went wrong goes to `onFailure`. */
  checkpoint(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#running ??= this.#make()
      .then(
        () => {
          this.#hasFailed = false;
        },
        (cause: unknown) => {
          this.#hasFailed = true;
          this.#deps.onFailure(cause);
        },
      )
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** A last checkpoint, and a last attempt at every sink. */
  async close(): Promise<void> {
    // One that is under way may have begun before the newest entries.
    await this.#running;
    await this.checkpoint();
    this.#isClosed = true;
    await Promise.all(this.#deps.deliveries.map((delivery) => delivery.close(STOP_GRACE_MS)));
  }

  async #make(): Promise<void> {
    const { durableHead, tree, key, deliveries } = this.#deps;
    const head = await durableHead();
    if (head.seq === (this.#latest?.size ?? 0)) return;
    const root = await tree.rootAfterGrowing(head.seq);
    const checkpoint: Checkpoint = { origin: key.verifier.name, size: head.seq, root, head: head.hash };
    const note = signNote(checkpointText(checkpoint), key.verifier, key.privateKey);
    this.#latest = { ...checkpoint, note };
    for (const delivery of deliveries) delivery.enqueue(note);
  }
}
