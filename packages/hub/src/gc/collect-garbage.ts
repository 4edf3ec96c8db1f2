import type { AuditActor } from "@postern/core/audit/audit-event";
import type { Clock } from "@postern/core/time/clock";
import { addSeconds, type EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { AuditLog } from "../access/audit-log.ts";
import type { Finding } from "../fsck/finding.ts";
import { inspectOne, type Survey, type SurveyDeps, surveyStorage } from "../fsck/survey-storage.ts";
import type { LfsOid } from "../lfs/lfs-oid.ts";
import type { GarbagePolicy } from "./garbage-policy.ts";

export interface GarbageDeps extends SurveyDeps {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly policy: GarbagePolicy;
}

/** Who asked for a run. */
export interface GarbageRun {
  readonly actor: AuditActor;
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
  /** Say what would be done, and do nothing. */
  readonly dryRun: boolean;
  /** An operator says that an empty table is right: every repo was deleted. */
  readonly allowEmptyTables: boolean;
}

export interface CollectedObject {
  readonly oid: LfsOid;
  /** Bytes; 0 where it is not known any more. */
  readonly size: number;
}

export type GarbageOutcome =
  | { readonly kind: "refused"; readonly findings: readonly Finding[] }
  | {
      readonly kind: "done";
      readonly dryRun: boolean;
      /** Objects that stood, and those of them that a ref needs. */
      readonly objects: number;
      readonly reachable: number;
      readonly quarantined: readonly CollectedObject[];
      /** Brought back, because they are in use. */
      readonly restored: readonly LfsOid[];
      readonly removed: readonly CollectedObject[];
      readonly uploadsGivenUp: number;
      /** There was more than the policy lets one run do. */
      readonly more: boolean;
    };

/** Objects per audit entry: each names them all. */
const BATCH = 100;

/**
 * One run of the garbage collector: mark, put aside, and remove what has been aside for long enough.
 *
 * An object is garbage when no ref of any repo reaches it and no repo was given it or claimed it lately (`LfsLinkUpkeep`). Garbage is only ever
 * moved aside; asking for it brings it back. Removal comes days later, and only of what is garbage still.
 *
 * Nothing is moved unless everything could be read and nothing contradicts anything: whole hubs have lost their files to collectors that took
 * an empty table, an unmounted disk or an unreadable repo for the absence of references.
 *
 * @throws {Refusal} what the audit log throws: what cannot be recorded does not happen.
 */
export async function collectGarbage(deps: GarbageDeps, run: GarbageRun): Promise<GarbageOutcome> {
  const { clock, policy } = deps;
  const survey = await surveyStorage(deps);
  const against = survey.findings.filter(
    ({ code, severity }) => severity === "error" && !(code === "table-empty" && run.allowEmptyTables),
  );
  if (against.length > 0) return { kind: "refused", findings: against };

  const now = clock.now();
  const young = addSeconds(now, -policy.graceSeconds);
  const wanted = new Set(survey.reachable);
  for (const { oid, linkedAt } of deps.links.all()) if (linkedAt >= young) wanted.add(oid);

  const garbage = [...survey.objects].filter(([oid]) => !wanted.has(oid)).map(([oid, size]) => ({ oid, size }));
  const quarantined = garbage.slice(0, policy.maxObjects);
  const { inUse, expired } = await readQuarantine(deps, wanted, addSeconds(now, -policy.quarantineSeconds));
  const due = expired.slice(0, policy.maxObjects);
  const counts = {
    kind: "done",
    dryRun: run.dryRun,
    objects: survey.objects.size,
    reachable: survey.reachable.size,
    more: quarantined.length < garbage.length || due.length < expired.length,
  } as const;
  if (run.dryRun) return { ...counts, quarantined, restored: inUse, removed: due, uploadsGivenUp: 0 };

  const restored: LfsOid[] = [];
  for (const oid of inUse) if ((await deps.upkeep.restore(oid)) === "restored") restored.push(oid);
  const removed = await removeExpired(deps, run, survey, due, young);
  for (const batch of batchesOf(quarantined)) {
    await record(deps, run, "gc.quarantine", batch);
    for (const { oid } of batch) await deps.upkeep.quarantine(oid, now);
  }
  const uploadsGivenUp = await deps.upkeep.sweepUploads(now);
  return { ...counts, quarantined, restored, removed, uploadsGivenUp };
}

async function readQuarantine(
  { upkeep }: GarbageDeps,
  wanted: ReadonlySet<LfsOid>,
  before: EpochSeconds,
): Promise<{ readonly inUse: readonly LfsOid[]; readonly expired: readonly CollectedObject[] }> {
  const inUse: LfsOid[] = [];
  const expired: CollectedObject[] = [];
  for await (const { oid, size, until } of upkeep.listQuarantined()) {
    if (wanted.has(oid)) inUse.push(oid);
    else if (until <= before) expired.push({ oid, size });
  }
  return { inUse, expired };
}

/**
 * Ends objects for good. From the moment at which they are withheld they cannot be read, so a ref that is made later comes too late to need
 * them. A ref that was made before, since its repo was marked, is found because it changed the state of its repo's refs; and a commit that is
 * on its way has claimed its objects, which `releaseOld` finds.
 */
async function removeExpired(
  deps: GarbageDeps,
  run: GarbageRun,
  survey: Survey,
  due: readonly CollectedObject[],
  young: EpochSeconds,
): Promise<readonly CollectedObject[]> {
  if (due.length === 0) return [];
  const removed: CollectedObject[] = [];
  using _ = deps.upkeep.withhold(due.map(({ oid }) => oid));
  const needed = await neededSince(deps, survey);
  // A repo that cannot be read now may need any of them.
  if (needed === undefined) return [];
  for (const batch of batchesOf(due.filter(({ oid }) => !needed.has(oid)))) {
    await record(deps, run, "gc.remove", batch);
    for (const object of batch) {
      // Sent again meanwhile: then the links belong to the new copy.
      const isDouble = await deps.upkeep.stands(object.oid);
      if (!isDouble && deps.links.releaseOld(object.oid, young) === "kept") continue;
      await deps.upkeep.removeQuarantined(object.oid);
      removed.push(object);
    }
  }
  return removed;
}

/** What refs need that changed since the survey; `undefined` when one of them cannot be read. */
async function neededSince(
  { census, inspector }: GarbageDeps,
  survey: Survey,
): Promise<ReadonlySet<LfsOid> | undefined> {
  const needed = new Set<LfsOid>();
  for (const { repoId } of census.repos()) {
    try {
      if (survey.repos.get(repoId) === (await inspector.refsFingerprint(repoId))) continue;
      const inspected = await inspectOne(inspector, repoId, false);
      if (inspected.faults.length > 0) return undefined;
      for (const { oid } of inspected.needed) needed.add(oid);
    } catch {
      if (census.hasRepo(repoId)) return undefined;
    }
  }
  return needed;
}

async function record(
  { audit }: GarbageDeps,
  { actor, requestId, sourceAddress }: GarbageRun,
  event: "gc.quarantine" | "gc.remove",
  batch: readonly CollectedObject[],
): Promise<void> {
  await audit.record({
    event,
    outcome: "allowed",
    actor,
    resource: "storage/lfs",
    requestId,
    sourceAddress,
    detail: {
      objects: batch.length,
      bytes: batch.reduce((sum, { size }) => sum + size, 0),
      oids: batch.map(({ oid }) => oid),
    },
  });
}

function* batchesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
