import { close, fdatasync, fstatSync, open } from "node:fs";
import { promisify } from "node:util";

const openFile = promisify(open);
const closeFile = promisify(close);
const syncData = promisify(fdatasync);

/**
 * Makes committed transactions survive a power cut without blocking the event loop on the disk.
 *
 * Why one `fdatasync` of the `-wal` file is enough. SQLite documents (pragma.html#pragma_synchronous) that in WAL mode
 * `synchronous=NORMAL` syncs the WAL before each checkpoint, the database file after each completed checkpoint, and the WAL header when a
 * WAL file begins to be reused; and that `FULL` differs from it by exactly one thing: a sync of the WAL after each commit. That one
 * sync is what this class does, later and elsewhere (wal.c, `walFrames`: the sync, and a padding of the log to a whole sector that
 * only file systems without powersafe overwrite need, which SQLite does not assume on its default platforms). A commit is then in one of two places when `flush()` resolves:
 *
 * - still in the WAL: its frames, and all before them, were written before the sync began, and the header they need was synced by
 *   SQLite when the file was begun (the directory entry too: SQLite syncs the directory with the first sync of a new WAL). Frames
 *   of later transactions that reach the disk half-written fail their cumulative checksum, and recovery stops before them;
 * - or already checkpointed: SQLite overwrites WAL frames only after it has synced the database file that received them.
 *
 * Opening and closing this file is safe beside SQLite: POSIX drops a process's locks on a file when *any* descriptor of that file is
 * closed, but SQLite locks the database and the `-shm` file, never the `-wal`. The database file itself must not be opened this way.
 *
 * On macOS libuv asks for F_FULLFSYNC, which also empties the drive's cache. On Windows the handle must be writable.
 */
export class WalFlusher {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /**
   * Resolves when everything committed before the call is on the disk.
   *
   * @throws the system's error. The caller must then stop writing: after a failed sync the kernel may mark lost pages as clean, and a
   *   second sync would succeed without having written them.
   */
  async flush(): Promise<void> {
    // SQLite deletes the WAL when the last connection closes; ours stays open, so a deleted file means that somebody meddled.
    if (this.#descriptor !== undefined && fstatSync(this.#descriptor).nlink === 0)
      throw new Error("the write-ahead log was deleted while it was in use");
    this.#descriptor ??= await openFile(this.#path, "r+");
    await syncData(this.#descriptor);
  }

  async close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) await closeFile(descriptor);
  }
}
