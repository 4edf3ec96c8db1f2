import {
  type AuditHead,
  type AuditTree,
  type AuthorityDatabase,
  addCheckpointKey,
  type CheckpointFileSink,
  type CheckpointKey,
  type CheckpointKeyDeps,
  findRollback,
  isKeyName,
  openCheckpointKey,
  type Rollback,
  rootOf,
  type SignedCheckpoint,
  type SqliteAuditLog,
  signedCheckpointOf,
  wholeCheckpointNote,
} from "@postern/authority";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyBaseLogger } from "fastify";
import { ConfigError } from "../config/config-error.ts";
import type { ServerConfig } from "../config/server-config.ts";

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

/**
 * The key to sign with and the checkpoint to go on from, once the database was found to be the right one or accepted.
 *
 * @throws {ConfigError} when the database is not the one that a checkpoint was made of: serving it would hide what was lost.
 */
export async function openCheckpointLog(
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
