import { HubError } from "@postern/core/error/hub-error";
import type { LfsOid } from "../lfs/lfs-oid.ts";
import { collectGarbage, type GarbageDeps, type GarbageOutcome, type GarbageRun } from "./collect-garbage.ts";

/** Who asked for something back. */
export type RestoreRequest = Pick<GarbageRun, "actor" | "requestId" | "sourceAddress">;

/** The garbage collector of one server: one run at a time. */
export class GarbageCollector {
  readonly #deps: GarbageDeps;
  #isRunning = false;

  constructor(deps: GarbageDeps) {
    this.#deps = deps;
  }

  /** @throws {HubError} 409 `Conflict` while another run is at work; what the audit log throws. */
  async collect(run: GarbageRun): Promise<GarbageOutcome> {
    if (this.#isRunning)
      throw new HubError(409, "Conflict", "A garbage collection is running already. Try again later.");
    this.#isRunning = true;
    try {
      return await collectGarbage(this.#deps, run);
    } finally {
      this.#isRunning = false;
    }
  }

  /**
   * Brings objects back from the quarantine. What nobody uses is put aside again by a later run.
   *
   * @param wanted - `undefined` for everything.
   * @returns those that stand again.
   */
  async restore(wanted: readonly LfsOid[] | undefined, by: RestoreRequest): Promise<readonly LfsOid[]> {
    const { audit, upkeep } = this.#deps;
    const named = wanted === undefined ? undefined : new Set(wanted);
    const found: LfsOid[] = [];
    for await (const { oid } of upkeep.listQuarantined()) if (named === undefined || named.has(oid)) found.push(oid);
    const restored: LfsOid[] = [];
    for (let at = 0; at < found.length; at += 100) {
      const batch = found.slice(at, at + 100);
      await audit.record({
        event: "gc.restore",
        outcome: "allowed",
        ...by,
        resource: "storage/lfs",
        detail: { objects: batch.length, oids: batch },
      });
      for (const oid of batch) if ((await upkeep.restore(oid)) === "restored") restored.push(oid);
    }
    return restored;
  }
}
