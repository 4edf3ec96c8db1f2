import { auditActorOf } from "@postern/core/audit/audit-actor";
import { Refusal } from "@postern/core/error/refusal";
import { repoNotFound } from "../access/open-repo.ts";
import { afterRefsMoved } from "../repos/after-refs-moved.ts";
import { cardFault } from "../repos/check-card.ts";
import { storageRefusal } from "../repos/storage-refusal.ts";
import { checkPush } from "./check-push.ts";
import type { PushedObjects } from "./git-transfers.ts";
import { type JudgedCommand, judgeCommands } from "./judge-commands.ts";
import { moveRefs } from "./move-refs.ts";
import { pushEvents } from "./push-audit.ts";
import type { CommandOutcome, PushOutcome } from "./push-report.ts";
import type { PushDependencies, PushRequest } from "./push-request.ts";

/**
 * Takes in a push (hub-wire §9).
 *
 * Order: pack into a place that nobody sees, checked object by object; rules for content and refs; then, holding the same locks as
 * commits through the API: old values compared; objects published and durable; audit entry durable; refs moved by compare-and-swap.
 * A crash before the last step leaves nothing visible.
 *
 * @returns once the whole body was read: a function that does the rest and never fails for a reason that the pusher can be told.
 * @throws {HubError} 503 `Unavailable` when too many transfers are under way; the signal's reason.
 */
export async function receivePush(deps: PushDependencies, request: PushRequest): Promise<() => Promise<PushOutcome>> {
  const objects = await begin(deps, request);
  if (objects instanceof Refusal) return async () => refuseFull(request, objects);
  try {
    const refusal = await takeIn(deps, request, objects);
    return async () => {
      await using _ = objects;
      return refusal ?? (await concludePush(deps, request, objects));
    };
  } catch (error) {
    await objects[Symbol.asyncDispose]();
    throw error;
  }
}

/** @returns the refusal on a disk without room for a folder; the pack has been read then: git shows no answer that comes before it has sent all. */
async function begin(deps: PushDependencies, { repo, pack, signal }: PushRequest): Promise<PushedObjects | Refusal> {
  try {
    return await deps.transfers.beginPush(repo.repoId, signal);
  } catch (error) {
    const refusal = storageRefusal(error);
    if (error === refusal || !(refusal instanceof Refusal)) throw error;
    let left = deps.rules.maxPackBytes;
    for await (const chunk of pack) {
      left -= chunk.length;
      if (left < 0) throw refusal;
    }
    return refusal;
  }
}

async function takeIn(
  deps: PushDependencies,
  request: PushRequest,
  objects: PushedObjects,
): Promise<PushOutcome | undefined> {
  try {
    const reception = await objects.receive(request.pack, deps.rules.maxPackBytes);
    return reception.kind === "received"
      ? undefined
      : { ...refuseAll(request, "rejected", [reception.reason]), unpackError: "the pack was refused" };
  } catch (error) {
    const refusal = storageRefusal(error);
    if (!(refusal instanceof Refusal)) throw refusal;
    return refuseFull(request, refusal);
  }
}

function refuseFull(request: PushRequest, refusal: Refusal): PushOutcome {
  return { ...refuseAll(request, "rejected", [sentenceOf(refusal)]), unpackError: "no space left" };
}

async function concludePush(
  deps: PushDependencies,
  request: PushRequest,
  objects: PushedObjects,
): Promise<PushOutcome> {
  try {
    const judged = await judgeCommands(deps, request, objects);
    const known = await knownTrees(deps, request);
    const content = await checkPush(objects, known, request.repo.repoId, deps.lfs, deps.rules);
    const faults = content.length > 0 ? content : await checkCards(deps, request, objects, judged);
    if (faults.length > 0) {
      await recordRefusal(deps, request, judged, "content");
      return refuseAll(request, "pre-receive check declined", faults);
    }
    request.signal.throwIfAborted();
    return await moveAllowed(deps, request, objects, judged);
  } catch (error) {
    const refusal = storageRefusal(error);
    if (refusal instanceof Refusal) return refuseAll(request, "not accepted", [sentenceOf(refusal)]);
    // The repo may have been deleted under our feet; its files are gone then, and that is no fault of ours.
    if ((await deps.catalogue.findById(request.repo.repoId)) !== undefined) throw refusal;
    return refuseAll(request, "not accepted", [sentenceOf(repoNotFound(request.caller.principal))]);
  }
}

async function moveAllowed(
  deps: PushDependencies,
  request: PushRequest,
  objects: PushedObjects,
  judged: readonly JudgedCommand[],
): Promise<PushOutcome> {
  const refused = judged.flatMap(({ command, refusal }): CommandOutcome[] =>
    refusal === undefined ? [] : [{ ref: command.ref, kind: "refused", reason: refusal }],
  );
  if (refused.length > 0) await recordRefusal(deps, request, judged, "ref");
  const allowed = judged.flatMap(({ command, refusal }) => (refusal === undefined ? [command] : []));
  const moved =
    request.atomic && refused.length > 0
      ? allowed.map(({ ref }): CommandOutcome => ({ ref, kind: "refused", reason: "atomic push failed" }))
      : await moveRefs(deps, request, objects, allowed);
  const refs = moved.flatMap(({ kind, ref }) => (kind === "moved" ? [ref] : []));
  if (refs.length > 0) await afterRefsMoved(deps, request.repo, refs);
  return { commands: [...refused, ...moved], messages: [] };
}

/** The card of each branch's new tip; older commits of the push may have had any. */
async function checkCards(
  deps: PushDependencies,
  { repo }: PushRequest,
  objects: PushedObjects,
  judged: readonly JudgedCommand[],
): Promise<readonly string[]> {
  const git = deps.git.open(repo);
  const faults: string[] = [];
  for (const { command, refusal } of judged) {
    const { ref, new: to } = command;
    if (refusal !== undefined || to === undefined || !/^refs\/(?:heads|pr)\//.test(ref)) continue;
    const before = await git.readRef(ref);
    const tree = before === undefined ? undefined : (await git.readCommit(before))?.tree;
    const fault = await cardFault(objects, (await objects.readCommit(to)).tree, tree);
    if (fault !== undefined) faults.push(fault);
  }
  return faults;
}

/** What a history without parents is compared with, so that a squashed branch costs what changed and not the whole repo. */
async function knownTrees(
  deps: PushDependencies,
  { repo, commands }: PushRequest,
): Promise<Parameters<typeof checkPush>[1]> {
  const git = deps.git.open(repo);
  const refs = [...new Set([...commands.map(({ ref }) => ref), "refs/heads/main"])].slice(0, 8);
  const trees = await Promise.all(
    refs.map(async (ref) => {
      const commit = await git.readRef(ref);
      return commit === undefined ? undefined : (await git.readCommit(commit))?.tree;
    }),
  );
  return trees.flatMap((tree) => tree ?? []);
}

async function recordRefusal(
  deps: PushDependencies,
  request: PushRequest,
  judged: readonly JudgedCommand[],
  code: string,
): Promise<void> {
  const commands = judged
    .filter(({ refusal }) => code !== "ref" || refusal !== undefined)
    .map(({ command }) => command);
  for (const event of pushEvents(request, auditActorOf(request.caller.principal), commands, "denied", code)) {
    await deps.audit.record(event);
  }
}

function refuseAll(
  { commands }: Pick<PushRequest, "commands">,
  reason: string,
  messages: readonly string[],
): PushOutcome {
  return { commands: commands.map(({ ref }) => ({ ref, kind: "refused", reason })), messages };
}

/** The code too: it is what people search for. */
function sentenceOf(refusal: Refusal): string {
  return `${refusal.message} (${refusal.code})`;
}
