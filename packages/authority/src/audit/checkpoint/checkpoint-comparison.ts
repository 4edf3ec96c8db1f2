import { CompactRange } from "../merkle/compact-range.ts";
import { leafHash } from "../merkle/merkle-hash.ts";
import type { Checkpoint } from "./checkpoint.ts";

/**
 * How a log contradicts its checkpoints:
 * `truncated` – it ends before a checkpoint: the newest entries were cut off, or an old database was put back; `rewritten` – another
 * history stands where the checkpoint was made; `forked` – the checkpoints contradict each other: the log signed two histories.
 */
export interface CheckpointConflict {
  readonly reason: "truncated" | "rewritten" | "forked";
  /** Size of the first checkpoint that does not fit. */
  readonly size: number;
  /** Size of the last checkpoint before it that fits; 0 when there is none. What differs comes after this entry. */
  readonly agreesUpTo: number;
}

/** Compares a log, entry by entry, with checkpoints of it. Memory: the checkpoints and one hash for each doubling of the log. */
export class CheckpointComparison {
  readonly #checkpoints: readonly Checkpoint[];
  readonly #range = new CompactRange();
  #next = 0;
  #agreed = 0;
  #agreedBeforeConflict = 0;
  #conflict: number | undefined;
  #fork: number | undefined;

  /** @param checkpoints - In any order; whoever calls has checked the signatures. */
  constructor(checkpoints: readonly Checkpoint[]) {
    this.#checkpoints = checkpoints.filter(({ size }) => size > 0).toSorted((one, other) => one.size - other.size);
  }

  /** @param entry - The next one of an unbroken chain. */
  push(entry: { readonly line: string; readonly hash: string }): void {
    this.#range.append(leafHash(entry.line));
    const { size } = this.#range;
    if (this.#checkpoints[this.#next]?.size !== size) return;
    const root = this.#range.root();
    const made: Checkpoint[] = [];
    for (let next = this.#checkpoints[this.#next]; next?.size === size; next = this.#checkpoints[this.#next]) {
      made.push(next);
      this.#next += 1;
    }
    const fitting = made.filter((one) => equal(one.root, root) && (one.head ?? entry.hash) === entry.hash);
    this.#note(size, fitting.length === made.length);
    if (made.some((one) => !equal(one.root, made[0]?.root ?? root))) this.#fork ??= size;
  }

  /** Root over the entries so far. */
  root(): Uint8Array {
    return this.#range.root();
  }

  /** How many checkpoints were compared. */
  get compared(): number {
    return this.#next;
  }

  /** To be asked after the last entry. */
  conflict(): CheckpointConflict | undefined {
    const agreesUpTo = this.#agreedBeforeConflict;
    if (this.#fork !== undefined) return { reason: "forked", size: this.#fork, agreesUpTo };
    if (this.#conflict !== undefined) return { reason: "rewritten", size: this.#conflict, agreesUpTo };
    const missing = this.#checkpoints[this.#next];
    return missing === undefined ? undefined : { reason: "truncated", size: missing.size, agreesUpTo: this.#agreed };
  }

  #note(size: number, fits: boolean): void {
    // A checkpoint vouches for everything before it: one that fits and one before it that does not were made of two histories.
    if (fits && this.#conflict !== undefined) this.#fork ??= this.#conflict;
    else if (fits) this.#agreed = size;
    else if (this.#conflict === undefined) {
      this.#conflict = size;
      this.#agreedBeforeConflict = this.#agreed;
    }
  }
}

/** Roots are public: no need for constant time. */
function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
