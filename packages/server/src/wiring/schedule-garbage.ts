import { randomUUID } from "node:crypto";
import { Refusal } from "@postern/core/error/refusal";
import type { GarbageCollector } from "@postern/hub";
import type { FastifyBaseLogger } from "fastify";

/** The first run waits until the server has settled in, and comes before the next daily restart. */
const FIRST_RUN_MS = 10 * 60_000;

/** Collects now and then, as the system itself. A refused run moved nothing; the log says why, and the next one tries again. @returns what stops it. */
export function scheduleGarbage(
  collector: GarbageCollector,
  everySeconds: number | undefined,
  log: FastifyBaseLogger,
): () => void {
  if (everySeconds === undefined) return () => undefined;
  const run = async (): Promise<void> => {
    try {
      const outcome = await collector.collect({
        actor: { kind: "system", name: "garbage collection", tokenId: undefined },
        requestId: randomUUID(),
        sourceAddress: undefined,
        dryRun: false,
        allowEmptyTables: false,
      });
      if (outcome.kind === "refused") {
        const first = outcome.findings[0];
        log.warn(
          { "gc.findings": outcome.findings.length, "gc.code": first?.code, "gc.subject": first?.subject },
          "garbage collection moved nothing, because the storage is not in order: run postern hub fsck",
        );
        return;
      }
      const { objects, quarantined, removed, restored, more } = outcome;
      log.info(
        {
          "gc.objects": objects,
          "gc.quarantined": quarantined.length,
          "gc.removed": removed.length,
          "gc.restored": restored.length,
          "gc.more": more,
        },
        "garbage collection",
      );
    } catch (cause) {
      // An administrator's run is at work, or the audit log refuses.
      const level = cause instanceof Refusal ? "info" : "warn";
      log[level](
        { "error.message": cause instanceof Error ? cause.message : String(cause) },
        "garbage collection did not run",
      );
    }
  };
  const every = setInterval(run, everySeconds * 1000);
  const first = setTimeout(run, Math.min(FIRST_RUN_MS, everySeconds * 1000));
  every.unref();
  first.unref();
  return () => {
    clearInterval(every);
    clearTimeout(first);
  };
}
