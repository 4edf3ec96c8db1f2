import { participantOf } from "@postern/core/access/discussion-access";
import { HubError } from "@postern/core/error/hub-error";
import type { Caller } from "../access/caller.ts";
import { repoNotFound } from "../access/open-repo.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { storageRefusal } from "../repos/storage-refusal.ts";
import { type Discussion, pullNumberOf, pullRefOf } from "./discussion.ts";
import { discussionEvent } from "./discussion-audit.ts";
import type { DiscussionDeps } from "./discussion-deps.ts";
import { mayReview } from "./require-participant.ts";

/** Somebody who does not look after the repo has at most this many open there at once. */
const MAX_OPEN = 50;
const MAX_NUMBER = 100_000;

export interface NewDiscussion {
  readonly title: string;
  readonly text: string;
  /** For a pull request: where it goes, and the commit that it starts with. */
  readonly pull: { readonly target: string; readonly head: ObjectId; readonly status: "draft" | "open" } | undefined;
}

/**
 * Opens a discussion or pull request; that the caller may take part was checked before.
 *
 * Order: audit entry, `refs/pr/{num}`, row. A crash in between leaves a ref without a row, whose number is passed over later.
 *
 * @throws {HubError} 409 `Conflict` when the caller has too many open or the repo is full.
 */
export async function openDiscussion(
  deps: DiscussionDeps,
  caller: Caller,
  repo: StoredRepo,
  wanted: NewDiscussion,
): Promise<Discussion> {
  const author = participantOf(caller.principal);
  return await deps.locks.run(`${repo.repoId} discussions`, async () => {
    if (author.kind === "user" && !mayReview(caller.principal, repo)) {
      const open = await deps.discussions.openOf(repo.repoId, author.name);
      if (open >= MAX_OPEN) {
        throw new HubError(409, "Conflict", `You have ${MAX_OPEN} open discussions here. Close some of them first.`);
      }
    }
    const num = await nextNumber(deps, repo);
    const createdAt = deps.clock.now();
    const { pull } = wanted;
    const discussion: Discussion = {
      num,
      title: wanted.title,
      status: pull?.status ?? "open",
      author,
      createdAt,
      pull: pull === undefined ? undefined : { target: pull.target, merged: undefined },
    };
    const detail = { num, pull_request: pull !== undefined, head: pull?.head ?? null, target: pull?.target ?? null };
    await deps.audit.record(discussionEvent("discussion.create", caller, repo, detail));
    if (pull !== undefined) await placeRef(deps, repo, num, pull.head);
    const first = {
      id: deps.newEventId(),
      author,
      createdAt,
      data: { type: "comment", text: wanted.text, hidden: false, changed: undefined },
    } as const;
    const outcome = await deps.discussions.create(repo.repoId, discussion, first);
    if (outcome === "missing") throw repoNotFound(caller.principal);
    if (outcome === "taken") throw new HubError(409, "Conflict", "Somebody else opened one just now. Try again.");
    return discussion;
  });
}

async function placeRef(deps: DiscussionDeps, repo: StoredRepo, num: number, head: ObjectId): Promise<void> {
  try {
    const outcome = await deps.git.open(repo).updateRef(pullRefOf(num), head, undefined);
    if (outcome !== "updated") throw new HubError(409, "Conflict", "Somebody else opened one just now. Try again.");
  } catch (error) {
    throw storageRefusal(error);
  }
}

async function nextNumber(deps: DiscussionDeps, repo: StoredRepo): Promise<number> {
  const refs = await deps.git.open(repo).listRefs("refs/pr/");
  const highest = refs.reduce((most, { ref }) => Math.max(most, pullNumberOf(ref) ?? 0), 0);
  const next = Math.max(highest, await deps.discussions.lastNumber(repo.repoId)) + 1;
  if (next <= MAX_NUMBER) return next;
  throw new HubError(409, "Conflict", `A repo has at most ${MAX_NUMBER} discussions.`);
}
