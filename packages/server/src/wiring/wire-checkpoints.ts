import { randomBytes } from "node:crypto";
import path from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import {
  type AuditHead,
  AuditTree,
  type AuthorityDatabase,
  addCheckpointKey,
  CheckpointDelivery,
  Checkpointer,
  CheckpointFileSink,
  CheckpointHttpSink,
  type CheckpointKey,
  type CheckpointKeyDeps,
  type CheckpointSink,
  findRollback,
  isKeyName,
  openCheckpointKey,
  type Rollback,
  rootOf,
  type SignedCheckpoint,
  type SqliteAuditLog,
  SqliteCheckpointKeyStore,
  SqliteSubtreeStore,
  signedCheckpointOf,
  wholeCheckpointNote,
} from "@postern/authority";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyBaseLogger } from "fastify";
import { ConfigError } from "../config/config-error.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { repeatEvery } from "../lifecycle/repeat-every.ts";

export interface WiredCheckpoints {
  readonly key: CheckpointKey;
  readonly tree: AuditTree;
  readonly latest: () => SignedCheckpoint | undefined;
  /** What an operator should look at although requests are served: sinks that do not take checkpoints. */
  warnings(): readonly string[];
  close(): Promise<void>;
}

export interface CheckpointWiring {
  readonly config: Pick<ServerConfig, "checkpointFile" | "checkpointUrl" | "checkpointOrigin" | "acceptAuditRollback">;
  readonly publicUrl: string;
  readonly dataDir: string;
  readonly database: AuthorityDatabase;
  readonly audit: SqliteAuditLog;
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
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
  const { key, latest } = await openLog(wiring, keyDeps, tree, files);
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

interface FoundNote {
  readonly sink: string;
  readonly note: string;
}

async function newestNotes(
  files: readonly CheckpointFileSink[],
  key: CheckpointKey | undefined,
  log: FastifyBaseLogger,
): Promise<readonly FoundNote[]> {
  const found: FoundNote[] = [];
  for (const file of files) {
    try {
      const note = wholeCheckpointNote(await file.newest(), key?.verifier);
      if (note !== undefined) found.push({ sink: file.name, note });
    } catch (cause) {
      // A sink may be writable only, or away; the others still tell.
      log.warn({ "sink.name": file.name, "error.message": messageOf(cause) }, "audit checkpoints cannot be compared");
    }
  }
  return found;
}

/** The key to sign with and the checkpoint to go on from, once the database was found to be the right one or accepted. */
async function openLog(
  wiring: CheckpointWiring,
  keyDeps: CheckpointKeyDeps,
  tree: AuditTree,
  files: readonly CheckpointFileSink[],
): Promise<{ readonly key: CheckpointKey; readonly latest: SignedCheckpoint | undefined }> {
  const { config, audit, log } = wiring;
  const key = await openCheckpointKey(keyDeps);
  const notes = await newestNotes(files, key, log);
  const origin = originOf(wiring);
  const head = await audit.durableHead();
  const rollback = await firstRollback(notes, head, key, wiring, tree);
  if (rollback !== undefined) {
    const fields = {
      reason: rollback.reason,
      sink: rollback.sink,
      checkpoint_size: rollback.checkpointSize,
      database_size: rollback.size,
    };
    log.error(fields, "the audit log is not the one that its checkpoints were made of");
    if (!config.acceptAuditRollback) throw rollbackError(rollback);
    // Its own name and key: a log must never sign two histories (C2SP tlog-checkpoint).
    const begun = `${origin}/${new Date(wiring.clock.now() * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, "")}`;
    return {
      key: await addCheckpointKey(begun, { event: "audit.rollback_accepted", detail: fields }, keyDeps),
      latest: undefined,
    };
  }
  if (key === undefined)
    return {
      key: await addCheckpointKey(origin, { event: "checkpoint-key.create", detail: {} }, keyDeps),
      latest: undefined,
    };
  if (config.checkpointOrigin !== undefined && !key.verifier.name.startsWith(config.checkpointOrigin))
    throw new ConfigError(
      "audit.checkpoints.origin",
      `this log has been named ${key.verifier.name} since its first start, and a log keeps its name`,
      `origin: ${key.verifier.name}`,
    );
  const signed = notes.flatMap(({ note }) => signedCheckpointOf(note, key.verifier) ?? []);
  return { key, latest: signed.toSorted((one, other) => other.size - one.size)[0] };
}

async function firstRollback(
  notes: readonly FoundNote[],
  head: AuditHead,
  key: CheckpointKey | undefined,
  { audit }: CheckpointWiring,
  tree: AuditTree,
): Promise<Rollback | undefined> {
  if (notes.length > 0) await tree.rootAfterGrowing(head.seq);
  for (const { sink, note } of notes) {
    const rollback = await findRollback(sink, note, {
      head,
      key: key?.verifier,
      hashAt: async (seq) => (await audit.entriesAfter(seq - 1, 1))[0]?.hash,
      rootAt: (size) => rootOf(size, (subtree) => tree.read(subtree)),
    });
    if (rollback !== undefined) return rollback;
  }
  return undefined;
}

const FOUND: Readonly<Record<Rollback["reason"], string>> = {
  older: "it is older than the checkpoint: an old copy was put back, or its newest entries were cut off",
  rewritten: "another history stands where the checkpoint was made",
  foreign: "the checkpoint was signed with a key that this database does not hold",
  forged: "the checkpoint carries this log's name and not its signature",
};

function rollbackError({ reason, sink, checkpointSize, size }: Rollback): ConfigError {
  return new ConfigError(
    "data",
    `the audit log holds ${size} entries and does not fit the newest checkpoint (sink ${sink}, ${checkpointSize} entries): ${FOUND[reason]}`,
    "put the right database back; or, when what is missing is known to be lost, start once with --accept-audit-rollback, which is recorded",
  );
}

function originOf({ config, publicUrl }: CheckpointWiring): string {
  const origin = config.checkpointOrigin ?? `${new URL(publicUrl).host}/audit`;
  if (isKeyName(origin)) return origin;
  throw new ConfigError(
    "audit.checkpoints.origin",
    `must hold neither blanks nor a plus, not ${origin}`,
    "origin: hub.example.com/audit",
  );
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
