import { auditActorOf } from "@postern/core/audit/audit-actor";
import { Refusal } from "@postern/core/error/refusal";
import type { BranchLocks } from "../commits/branch-locks.ts";
import type { GitRepository, RefMove } from "../git/git-repository.ts";
import type { PushedObjects } from "./git-transfers.ts";
import { pushEvents } from "./push-audit.ts";
import type { PushCommand } from "./push-commands.ts";
import type { CommandOutcome } from "./push-report.ts";
import type { PushDependencies, PushRequest } from "./push-request.ts";
import { statePush } from "./state-push.ts";

const STALE = "the ref has changed meanwhile; fetch first";
const REASONS = {
  stale: STALE,
  clash: "another ref has a name that this one would be a folder of",
  failed: "it could not be written",
} as const;

/**
 * Publishes the objects of a push and moves its refs, one writer per ref at a time: the locks are those of commits through the API.
 *
 * @throws what the audit log and the record of provenance throw; no ref has moved then.
 */
export async function moveRefs(
  deps: PushDependencies,
  request: PushRequest,
  objects: PushedObjects,
  commands: readonly PushCommand[],
): Promise<readonly CommandOutcome[]> {
  // Always in the same order, so that two pushes never wait for each other.
  const keys = commands.map(({ ref }) => `${request.repo.repoId} ${ref}`).sort();
  return await holding(deps.locks, keys, () => moveHeld(deps, request, objects, commands));
}

async function holding<T>(
  locks: Pick<BranchLocks, "run">,
  keys: readonly string[],
  task: () => Promise<T>,
): Promise<T> {
  const [first, ...rest] = keys;
  return first === undefined ? await task() : await locks.run(first, () => holding(locks, rest, task));
}

async function moveHeld(
  deps: PushDependencies,
  request: PushRequest,
  objects: PushedObjects,
  commands: readonly PushCommand[],
): Promise<readonly CommandOutcome[]> {
  const git = deps.git.open(request.repo);
  const refused: CommandOutcome[] = [];
  const ready: PushCommand[] = [];
  for (const command of commands) {
    if ((await git.readRefTarget(command.ref)) === command.old) ready.push(command);
    else refused.push({ ref: command.ref, kind: "refused", reason: STALE });
  }
  if (request.atomic && refused.length > 0) return [...refused, ...notMoved(ready, "atomic push failed")];
  if (ready.length === 0) return refused;
  await objects.publish();
  request.signal.throwIfAborted();
  const actor = auditActorOf(request.caller.principal);
  for (const event of pushEvents(request, actor, ready, "allowed")) await deps.audit.record(event);
  const denied = async (left: readonly PushCommand[], code: string): Promise<void> => {
    for (const event of pushEvents(request, actor, left, "denied", code)) await deps.audit.record(event);
  };
  try {
    await statePush(deps.provenance, git, request.repo, request.caller, ready);
    const outcomes = await moveNow(git, ready, request.atomic);
    if (outcomes.some(({ kind }) => kind === "moved")) deps.provenance.moved(request.repo);
    const left = ready.filter((_, index) => outcomes[index]?.kind === "refused");
    // The entry of a move that did not come about is followed by one that says so.
    if (left.length > 0) await denied(left, "stale");
    return [...refused, ...outcomes];
  } catch (error) {
    await denied(ready, error instanceof Refusal ? error.code : "failed");
    throw error;
  }
}

async function moveNow(
  git: GitRepository,
  commands: readonly PushCommand[],
  atomic: boolean,
): Promise<readonly CommandOutcome[]> {
  const together = await git.updateRefs(commands.map(toMove));
  if (together === "updated") return commands.map(({ ref }) => ({ ref, kind: "moved" }));
  if (atomic && commands.length > 1) return notMoved(commands, "atomic push failed");
  const outcomes: CommandOutcome[] = [];
  for (const command of commands) {
    const outcome =
      commands.length === 1 ? together : await git.updateRefs([toMove(command)]).catch(() => "failed" as const);
    outcomes.push(
      outcome === "updated"
        ? { ref: command.ref, kind: "moved" }
        : { ref: command.ref, kind: "refused", reason: REASONS[outcome] },
    );
  }
  return outcomes;
}

function toMove({ ref, old, new: to }: PushCommand): RefMove {
  return { ref, to, expected: old };
}

function notMoved(commands: readonly PushCommand[], reason: string): readonly CommandOutcome[] {
  return commands.map(({ ref }) => ({ ref, kind: "refused", reason }));
}
