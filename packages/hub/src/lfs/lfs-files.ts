import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { LfsOid } from "./lfs-oid.ts";

/** An LFS object that a repo holds. */
export interface HeldObject {
  readonly oid: LfsOid;
  /** Bytes. */
  readonly size: number;
  readonly linkedAt: EpochSeconds;
}

/** Port: the LFS objects of one repo as a list, and their end. */
export interface LfsFiles {
  /** In the order of their ids, from behind `after`; at most `limit`. */
  listLinked(
    repoId: string,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly HeldObject[]>;
  /**
   * The repo holds these objects no more; the bytes are the collector's business, and another repo's links are untouched.
   *
   * @returns how many it held.
   */
  unlink(repoId: string, oids: readonly LfsOid[]): Promise<number>;
}
