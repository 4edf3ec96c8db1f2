import { randomBytes } from "node:crypto";
import path from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import {
  AuditTree,
  CheckpointDelivery,
  Checkpointer,
  CheckpointFileSink,
  CheckpointHttpSink,
  type CheckpointKey,
  type CheckpointSink,
  type SignedCheckpoint,
  SqliteCheckpointKeyStore,
  SqliteSubtreeStore,
} from "@postern/authority";
import { repeatEvery } from "../lifecycle/repeat-every.ts";
import { type CheckpointWiring, openCheckpointLog } from "./open-checkpoint-log.ts";

export interface WiredCheckpoints {
  readonly key: CheckpointKey;
  readonly tree: AuditTree;
  readonly latest: () => SignedCheckpoint | undefined;
  /** What an operator should look at although requests are served: sinks that do not take checkpoints. */
  warnings(): readonly string[];
  close(): Promise<void>;
}

/** A checkpoint is made at least so often while there are new entries, in milliseconds. */
const CHECKPOINT_INTERVAL_MS = 60_000;

/** The file that is always written, in the data directory. */
const OWN_FILE = "checkpoints";

/**
 * Compares the database with the checkpoints that were made of it, and goes on making them.
 *
 * @throws {ConfigError} when the database is not the one that a checkpoint was made of: serving it would hide what was lost.
 */
export async function wireCheckpoints(wiring: CheckpointWiring): Promise<WiredCheckpoints> {
  const { config, database, audit, log } = wiring;
  const tree = new AuditTree({
    entries: audit,
    subtrees: new SqliteSubtreeStore(database),
    breathe: () => nextTurn(),
  });
  const files = fileSinks(wiring);
  const sinks: readonly CheckpointSink[] =
    config.checkpointUrl === undefined ? files : [...files, new CheckpointHttpSink(config.checkpointUrl, fetch)];
  if (sinks.length === 1)
    log.warn(
      "audit checkpoints stay in the data directory, which proves nothing against whoever can write there: set audit.checkpoints",
    );
  const keyDeps = {
    store: new SqliteCheckpointKeyStore(database),
    secret: wiring.secret,
    clock: wiring.clock,
    randomBytes,
  };
  const { key, latest } = await openCheckpointLog(wiring, keyDeps, tree, files);
  const checkpointer = new Checkpointer({
    durableHead: () => audit.durableHead(),
    tree,
    key,
    latest,
    deliveries: sinks.map((sink) => deliveryTo(sink, wiring)),
    onFailure: (cause) => log.error({ "error.message": messageOf(cause) }, "audit checkpoint not made"),
  });
  database.commits.watch((head) => checkpointer.noteHead(head));
  const stop = repeatEvery(CHECKPOINT_INTERVAL_MS, () => checkpointer.checkpoint(), log, "audit checkpoint not made");
  void checkpointer.checkpoint();
  return {
    key,
    tree,
    latest: () => checkpointer.latest,
    warnings: () =>
      checkpointer.deliveries
        .filter(({ isFailing }) => isFailing)
        .map(({ sinkName, waiting }) => `audit checkpoint sink ${sinkName} is failing; ${waiting} checkpoints wait`),
    close: async () => {
      stop();
      await checkpointer.close();
    },
  };
}

function fileSinks({ config, dataDir }: CheckpointWiring): readonly CheckpointFileSink[] {
  // On the disk of the database: a sync would hold its commits up, and a power cut that takes the last checkpoint takes nothing else.
  const own = new CheckpointFileSink("data", path.join(dataDir, OWN_FILE), false);
  return config.checkpointFile === undefined
    ? [own]
    : [own, new CheckpointFileSink("file", config.checkpointFile, true)];
}

function deliveryTo(sink: CheckpointSink, { audit, log }: CheckpointWiring): CheckpointDelivery {
  const record = async (event: string, detail: Readonly<Record<string, string>>): Promise<void> => {
    try {
      await audit.record({
        event,
        outcome: event === "audit.sink_failed" ? "denied" : "allowed",
        actor: { kind: "system", name: "postern", tokenId: undefined },
        resource: "audit",
        requestId: "checkpoint",
        sourceAddress: undefined,
        detail: { sink: sink.name, ...detail },
      });
    } catch (cause) {
      log.error({ "sink.name": sink.name, "error.message": messageOf(cause) }, `${event} not recorded`);
    }
  };
  return new CheckpointDelivery({
    sink,
    onFailed: async (name, cause) => {
      log.warn({ "sink.name": name, "error.message": messageOf(cause) }, "audit checkpoint sink fails");
      await record("audit.sink_failed", { cause: messageOf(cause).slice(0, 200) });
    },
    onRecovered: async (name) => {
      log.info({ "sink.name": name }, "audit checkpoint sink works again");
      await record("audit.sink_recovered", {});
    },
    pause: async (ms, signal) => {
      await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
    },
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
