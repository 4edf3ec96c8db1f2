import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** An LFS object that somebody wants to upload for a pull request. */
export interface PullUpload {
  readonly oid: string;
  /** Bytes. */
  readonly size: number;
}

/** Port: how much people who may not write were let upload, over all repos. */
export interface PullUploads {
  /**
   * Counts objects towards what `user` may upload. An object that was counted for this repo before is not counted again. What is
   * counted is what was allowed: whether the bytes came is not looked at.
   *
   * @returns `full` when `user` would pass `budget` bytes since `since`; nothing is counted then. `missing` when the repo is gone.
   */
  reserve(
    repoId: string,
    user: string,
    uploads: readonly PullUpload[],
    limit: { readonly since: EpochSeconds; readonly now: EpochSeconds; readonly budget: number },
  ): Promise<"reserved" | "full" | "missing">;
}
