import { mkdir, opendir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { addSeconds, type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { BranchLocks } from "../commits/branch-locks.ts";
import { type LfsOid, parseLfsOid } from "../lfs/lfs-oid.ts";
import type { ListedObject, ObjectUpkeep, QuarantinedObject } from "../lfs/object-upkeep.ts";
import { isSystemError } from "./git/ref-files.ts";
import { syncDirectory } from "./git/sync-path.ts";

/** An upload in parts that got no part for this long is given up. */
export const PARTS_LIFETIME_SECONDS: number = 24 * 3600;

const DAY_SECONDS = 86_400;
/** Everything of a store but the folders of its objects. */
const ROOMS: ReadonlySet<string> = new Set(["incoming", "parts", "quarantine"]);

/** The quarantine of a store on disk: `quarantine/{date}/{SHA-256}`, so that both moves are one rename. */
export class FileUpkeep implements ObjectUpkeep {
  readonly #root: string;
  readonly #moves = new BranchLocks();
  readonly #withheld = new Set<LfsOid>();

  constructor(root: string) {
    this.#root = root;
  }

  async *list(onForeign?: (path: string) => void): AsyncGenerator<ListedObject> {
    for (const first of await readdir(this.#root, { withFileTypes: true })) {
      if (ROOMS.has(first.name) && first.isDirectory()) continue;
      if (!first.isDirectory() || !/^[0-9a-f]{2}$/.test(first.name)) {
        onForeign?.(first.name);
        continue;
      }
      for (const second of await readdir(join(this.#root, first.name), { withFileTypes: true })) {
        const folder = join(first.name, second.name);
        if (!second.isDirectory() || !/^[0-9a-f]{2}$/.test(second.name)) onForeign?.(folder);
        else yield* this.#listFolder(folder, onForeign);
      }
    }
  }

  async *#listFolder(folder: string, onForeign?: (path: string) => void): AsyncGenerator<ListedObject> {
    for await (const entry of await opendir(join(this.#root, folder))) {
      const oid = parseLfsOid(entry.name);
      const path = join(folder, entry.name);
      if (oid === undefined || objectPathIn("", oid) !== path || !entry.isFile()) {
        onForeign?.(path);
        continue;
      }
      const found = await statIfPresent(join(this.#root, path));
      if (found !== undefined) yield { oid, size: found.size };
    }
  }

  async *listQuarantined(): AsyncGenerator<QuarantinedObject> {
    for (const { day, until } of await this.#days()) {
      for await (const { name } of await opendir(join(this.#root, "quarantine", day))) {
        const oid = parseLfsOid(name);
        const found = oid === undefined ? undefined : await statIfPresent(join(this.#root, "quarantine", day, name));
        if (oid !== undefined && found !== undefined) yield { oid, size: found.size, until };
      }
    }
  }

  quarantine(oid: LfsOid, at: EpochSeconds): Promise<"quarantined" | "absent"> {
    return this.#moves.run(oid, async () => {
      const folder = join(this.#root, "quarantine", new Date(at * 1000).toISOString().slice(0, 10));
      await mkdir(folder, { recursive: true });
      const moved = await this.#move(objectPathIn(this.#root, oid), join(folder, oid), folder);
      return moved ? "quarantined" : "absent";
    });
  }

  restore(oid: LfsOid): Promise<"restored" | "absent"> {
    return this.#moves.run(oid, async () => {
      if (this.#withheld.has(oid)) return "absent";
      // Nearly every question is about an object that stands or never was.
      if (await this.stands(oid)) return "restored";
      for (const { day } of await this.#days()) {
        const from = join(this.#root, "quarantine", day, oid);
        if ((await statIfPresent(from)) === undefined) continue;
        const to = objectPathIn(this.#root, oid);
        await mkdir(join(to, ".."), { recursive: true });
        if (await this.#move(from, to, join(to, ".."))) return "restored";
      }
      return "absent";
    });
  }

  async stands(oid: LfsOid): Promise<boolean> {
    return (await statIfPresent(objectPathIn(this.#root, oid))) !== undefined;
  }

  withhold(oids: readonly LfsOid[]): Disposable {
    for (const oid of oids) this.#withheld.add(oid);
    return {
      [Symbol.dispose]: () => {
        for (const oid of oids) this.#withheld.delete(oid);
      },
    };
  }

  removeQuarantined(oid: LfsOid): Promise<void> {
    return this.#moves.run(oid, async () => {
      for (const { day } of await this.#days()) {
        const folder = join(this.#root, "quarantine", day);
        await rm(join(folder, oid), { force: true });
        // Goes when it was the last one.
        await rmdir(folder).catch(() => {});
      }
    });
  }

  async sweepUploads(now: EpochSeconds): Promise<number> {
    const parts = join(this.#root, "parts");
    const deadline = addSeconds(now, -PARTS_LIFETIME_SECONDS);
    let removed = 0;
    for (const name of await readdir(parts)) {
      const folder = join(parts, name);
      const found = await statIfPresent(folder);
      // A folder's time moves with every part that arrives in it.
      if (found === undefined || epochSeconds(found.mtimeMs / 1000) > deadline) continue;
      await rm(folder, { recursive: true, force: true });
      removed += 1;
    }
    return removed;
  }

  /** Newest first. What was put aside on a day was so at the latest at that day's end. */
  async #days(): Promise<readonly { readonly day: string; readonly until: EpochSeconds }[]> {
    const names = await readdir(join(this.#root, "quarantine")).catch((error: unknown) => {
      if (isSystemError(error, "ENOENT")) return [];
      throw error;
    });
    return names
      .filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name) && !Number.isNaN(Date.parse(name)))
      .sort()
      .reverse()
      .map((day) => ({ day, until: epochSeconds(Date.parse(day) / 1000 + DAY_SECONDS) }));
  }

  async #move(from: string, to: string, folder: string): Promise<boolean> {
    try {
      await rename(from, to);
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return false;
      throw error;
    }
    for (const changed of [folder, join(folder, ".."), join(from, "..")]) await syncDirectory(changed);
    return true;
  }
}

/** Where a store on disk keeps an object. */
export function objectPathIn(root: string, oid: LfsOid): string {
  return join(root, oid.slice(0, 2), oid.slice(2, 4), oid);
}

async function statIfPresent(path: string): Promise<{ readonly size: number; readonly mtimeMs: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
