import { type AuditHead, EMPTY_HEAD } from "./audit-entry.ts";
import { hashOfCanonical } from "./canonical-entry.ts";
import type { Checkpoint } from "./checkpoint/checkpoint.ts";
import { CheckpointComparison } from "./checkpoint/checkpoint-comparison.ts";

/** What the verifier needs of an entry, whatever it was read from. */
export interface ChainLink {
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
  /** Canonical JSON without `hash`: the bytes that were hashed. */
  readonly canonical: string;
  /** The whole entry as a line of an export, without its line feed: a leaf of the tree. */
  readonly line: string;
}

/**
 * Why a chain is broken, at the first entry that shows it:
 * `changed` – its hash does not fit its content; `missing` – an entry before it is gone; `reordered` – entries changed places or one
 * stands twice; `unlinked` – it follows another entry than the one before it, so an earlier one was rewritten; `truncated` – the chain
 * ends before a head or checkpoint that is known from elsewhere; `rewritten` – it holds another history where the known head or checkpoint
 * was made; `forked` – checkpoints contradict each other, so the log signed two histories; `unreadable`.
 */
export type ChainBreak =
  | "changed"
  | "missing"
  | "reordered"
  | "unlinked"
  | "truncated"
  | "rewritten"
  | "forked"
  | "unreadable";

export type ChainVerdict =
  | {
      readonly kind: "intact";
      readonly head: AuditHead;
      readonly entries: number;
      /** Base64 of the RFC 6962 root; `undefined` for a part of a log. */
      readonly root: string | undefined;
      /** How many checkpoints the log was compared with. */
      readonly checkpoints: number;
    }
  /**
   * `seq`: the entry that is at fault, or the one that should stand there. `entries`: how many before it are good. `agreesUpTo`: set when
   * a checkpoint does not fit; the last checkpoint that does ends with this entry.
   */
  | {
      readonly kind: "broken";
      readonly reason: ChainBreak;
      readonly seq: number;
      readonly entries: number;
      readonly agreesUpTo?: number;
    };

export interface ChainExpectation {
  /** Where the entries begin: the head of what came before. Default: an empty log. */
  readonly after?: AuditHead;
  /** A head noted earlier, outside this machine: only that can show that the newest entries were cut off. */
  readonly knownHead?: AuditHead;
  /** Checkpoints whose signatures were checked. Only a whole log, not a part of one, can be compared with them. */
  readonly checkpoints?: readonly Checkpoint[];
}

/** Checks a chain entry by entry, in constant memory. Pure: knows no file and no database. */
export class ChainVerifier {
  readonly #knownHead: AuditHead | undefined;
  #head: AuditHead;
  #entries = 0;
  #break: { readonly reason: ChainBreak; readonly seq: number; readonly agreesUpTo?: number } | undefined;
  readonly #comparison: CheckpointComparison | undefined;

  constructor(expectation: ChainExpectation = {}) {
    const isWhole = expectation.after === undefined || expectation.after.seq === 0;
    if (!isWhole && expectation.checkpoints !== undefined)
      throw new RangeError("a part of a log cannot be compared with checkpoints");
    this.#comparison = isWhole ? new CheckpointComparison(expectation.checkpoints ?? []) : undefined;
    this.#head = expectation.after ?? EMPTY_HEAD;
    this.#knownHead = expectation.knownHead;
  }

  push(link: ChainLink): void {
    if (this.#break !== undefined) this.#lookForLost(link);
    else {
      const reason = this.#faultOf(link);
      if (reason === undefined) {
        this.#head = { seq: link.seq, hash: link.hash };
        this.#entries += 1;
        this.#comparison?.push(link);
      } else this.#break = { reason, seq: reason === "missing" ? this.#head.seq + 1 : link.seq };
    }
  }

  /** Something stands in the place of the next entry that is no entry. */
  pushUnreadable(): void {
    this.#break ??= { reason: "unreadable", seq: this.#head.seq + 1 };
  }

  finish(): ChainVerdict {
    const known = this.#knownHead;
    if (this.#break === undefined && known !== undefined && known.seq > this.#head.seq)
      this.#break = { reason: "truncated", seq: this.#head.seq + 1 };
    const conflict = this.#comparison?.conflict();
    // A chain that is broken in itself says more exactly where.
    if (conflict !== undefined) {
      const { reason, size, agreesUpTo } = conflict;
      this.#break ??= { reason, seq: reason === "truncated" ? this.#head.seq + 1 : size, agreesUpTo };
    }
    if (this.#break !== undefined) return { kind: "broken", ...this.#break, entries: this.#entries };
    const root = this.#comparison === undefined ? undefined : Buffer.from(this.#comparison.root()).toString("base64");
    return {
      kind: "intact",
      head: this.#head,
      entries: this.#entries,
      root,
      checkpoints: this.#comparison?.compared ?? 0,
    };
  }

  #faultOf(link: ChainLink): ChainBreak | undefined {
    if (link.seq > this.#head.seq + 1) return "missing";
    if (link.seq <= this.#head.seq) return "reordered";
    if (hashOfCanonical(link.canonical) !== link.hash) return "changed";
    if (link.prevHash !== this.#head.hash) return "unlinked";
    const known = this.#knownHead;
    // Whoever can write the file can compute a whole new chain; only a head kept elsewhere tells.
    if (known !== undefined && known.seq === link.seq && known.hash !== link.hash) return "rewritten";
    return undefined;
  }

  /** The "missing" entry turns up later: then it was moved, not removed. */
  #lookForLost(link: ChainLink): void {
    if (this.#break?.reason === "missing" && link.seq === this.#break.seq)
      this.#break = { reason: "reordered", seq: link.seq };
  }
}
