import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { LfsOid } from "./lfs-oid.ts";

/** One stored object, by its name. */
export interface ListedObject {
  readonly oid: LfsOid;
  /** Bytes. */
  readonly size: number;
}

/** One object that was put aside. */
export interface QuarantinedObject extends ListedObject {
  /** It was put aside no later than this. */
  readonly until: EpochSeconds;
}

/**
 * Port: what the garbage collector and `hub fsck` do with a store. A quarantined object is out of the way and not lost: asking the store for
 * it brings it back.
 */
export interface ObjectUpkeep {
  /** Every object; what else lies where objects do is given to `onForeign` by its path below the store. */
  list(onForeign?: (path: string) => void): AsyncIterable<ListedObject>;
  listQuarantined(): AsyncIterable<QuarantinedObject>;
  /** Out of the objects, into the quarantine of that day. `absent` when it is not there any more. */
  quarantine(oid: LfsOid, at: EpochSeconds): Promise<"quarantined" | "absent">;
  /** Back to the objects; `absent` when the quarantine has no such object. */
  restore(oid: LfsOid): Promise<"restored" | "absent">;
  /** Whether the object stands among the objects, without bringing it back from the quarantine. */
  stands(oid: LfsOid): Promise<boolean>;
  /**
   * From now to disposal these objects are not brought back from the quarantine, so that nobody can begin to use what is about to be
   * removed.
   */
  withhold(oids: readonly LfsOid[]): Disposable;
  /** Ends the quarantined copy for good. */
  removeQuarantined(oid: LfsOid): Promise<void>;
  /** Removes uploads that were given up. @returns how many. */
  sweepUploads(now: EpochSeconds): Promise<number>;
}
