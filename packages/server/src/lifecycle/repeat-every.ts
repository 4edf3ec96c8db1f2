import type { FastifyBaseLogger } from "fastify";

/** Runs a chore now and then; a failure is logged and the next turn tries again. @returns what stops it. */
export function repeatEvery(
  intervalMs: number,
  chore: () => Promise<unknown>,
  log: FastifyBaseLogger,
  failure: string,
): () => void {
  const run = (): void => {
    chore().catch((cause: unknown) =>
      log.warn({ "error.message": cause instanceof Error ? cause.message : String(cause) }, failure),
    );
  };
  const timer = setInterval(run, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
