import { isOwnOf, participantOf } from "@postern/core/access/discussion-access";
import { HubError } from "@postern/core/error/hub-error";
import type { Caller } from "../access/caller.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { CommentData, Discussion, DiscussionEvent, EventData } from "./discussion.ts";
import { discussionEvent } from "./discussion-audit.ts";
import type { DiscussionDeps } from "./discussion-deps.ts";
import { mayReview } from "./require-participant.ts";

/** More than this are not kept, so that nobody makes a discussion too long to read. */
const MAX_EVENTS = 1000;

/** A discussion that exists, in a repo that the caller may read, and who wants to change it; that they may take part was checked. */
export interface DiscussionChange {
  readonly caller: Caller;
  readonly repo: StoredRepo;
  readonly discussion: Discussion;
}

/** @param text - Passed `parseComment`. @throws {HubError} 409 when there are too many. */
export async function addComment(
  deps: DiscussionDeps,
  { caller, repo, discussion }: DiscussionChange,
  text: string,
): Promise<DiscussionEvent> {
  await requireRoom(deps, repo, discussion);
  const event = newEvent(deps, caller, { type: "comment", text, hidden: false, changed: undefined });
  const { num } = discussion;
  await deps.audit.record(discussionEvent("discussion.comment", caller, repo, { num, comment: event.id }));
  if ((await deps.discussions.add(repo.repoId, num, event)) === "missing") throw discussionNotFound();
  return event;
}

/** Its author's alone. @throws {HubError} 403, 404. */
export async function editComment(
  deps: DiscussionDeps,
  change: DiscussionChange,
  commentId: string,
  text: string,
): Promise<DiscussionEvent> {
  const { event } = await commentOf(deps, change, commentId);
  if (!isOwnOf(change.caller.principal, event.author)) {
    throw new HubError(403, "Forbidden", "Only its author may edit a comment.");
  }
  return await changeComment(deps, change, event, "discussion.edit", { text, hidden: false });
}

/** Takes a comment's text away for good: its author, or whoever looks after the repo. @throws {HubError} 403, 404. */
export async function hideComment(
  deps: DiscussionDeps,
  change: DiscussionChange,
  commentId: string,
): Promise<DiscussionEvent> {
  const { event } = await commentOf(deps, change, commentId);
  requireOwnOrReview(change, event.author, "hide this comment");
  return await changeComment(deps, change, event, "discussion.hide", { text: "", hidden: true });
}

/** @param title - Passed `parseTitle`. @throws {HubError} 403, 409. */
export async function renameDiscussion(
  deps: DiscussionDeps,
  change: DiscussionChange,
  title: string,
): Promise<DiscussionEvent> {
  const { caller, repo, discussion } = change;
  requireOwnOrReview(change, discussion.author, "rename this");
  await requireRoom(deps, repo, discussion);
  const event = newEvent(deps, caller, { type: "title-change", from: discussion.title, to: title });
  await deps.audit.record(discussionEvent("discussion.title", caller, repo, { num: discussion.num }));
  await update(deps, repo, { ...discussion, title }, discussion.status, [event]);
  return event;
}

/** Opens or closes. @throws {HubError} 403; 409 when it is so already, or merged. */
export async function changeStatus(
  deps: DiscussionDeps,
  change: DiscussionChange,
  status: "open" | "closed",
  comment: string | undefined,
): Promise<DiscussionEvent> {
  const { caller, repo, discussion } = change;
  requireOwnOrReview(change, discussion.author, status === "open" ? "open this" : "close this");
  if (discussion.status === "merged" || discussion.status === status) {
    throw new HubError(409, "Conflict", `This is ${discussion.status} already.`);
  }
  await requireRoom(deps, repo, discussion);
  const event = newEvent(deps, caller, { type: "status-change", status });
  const { num } = discussion;
  await deps.audit.record(
    discussionEvent("discussion.status", caller, repo, { num, status, before: discussion.status }),
  );
  const events = [...commentEvents(deps, caller, comment), event];
  await update(deps, repo, { ...discussion, status }, discussion.status, events);
  return event;
}

/** A comment that goes with another change. */
export function commentEvents(
  deps: DiscussionDeps,
  caller: Caller,
  text: string | undefined,
): readonly DiscussionEvent[] {
  if (text === undefined) return [];
  return [newEvent(deps, caller, { type: "comment", text, hidden: false, changed: undefined })];
}

/** What the caller did just now. */
export function newEvent(deps: DiscussionDeps, caller: Caller, data: EventData): DiscussionEvent {
  return { id: deps.newEventId(), author: participantOf(caller.principal), createdAt: deps.clock.now(), data };
}

/** @throws {HubError} 409 when somebody else was faster. */
export async function update(
  deps: DiscussionDeps,
  repo: StoredRepo,
  discussion: Discussion,
  expected: Discussion["status"],
  events: readonly DiscussionEvent[],
): Promise<void> {
  if ((await deps.discussions.update(repo.repoId, discussion, expected, events)) === "stored") return;
  throw new HubError(409, "Conflict", "Somebody else changed this just now. Look again.");
}

/** The same words whatever is missing. */
export function discussionNotFound(): HubError {
  return new HubError(404, "NotFound", "There is no such discussion or comment.");
}

async function changeComment(
  deps: DiscussionDeps,
  { caller, repo, discussion }: DiscussionChange,
  event: DiscussionEvent,
  auditAs: "discussion.edit" | "discussion.hide",
  content: Pick<CommentData, "text" | "hidden">,
): Promise<DiscussionEvent> {
  const changed = { by: participantOf(caller.principal), at: deps.clock.now() };
  const data: CommentData = { type: "comment", ...content, changed };
  const { num } = discussion;
  await deps.audit.record(discussionEvent(auditAs, caller, repo, { num, comment: event.id }));
  const outcome = await deps.discussions.changeComment(repo.repoId, num, event.id, data);
  if (outcome === "missing") throw discussionNotFound();
  return { ...event, data };
}

async function commentOf(
  deps: DiscussionDeps,
  { repo, discussion }: DiscussionChange,
  commentId: string,
): Promise<{ readonly event: DiscussionEvent }> {
  const events = await deps.discussions.events(repo.repoId, discussion.num);
  const event = events.find(({ id }) => id === commentId);
  if (event?.data.type !== "comment" || event.data.hidden) throw discussionNotFound();
  return { event };
}

function requireOwnOrReview({ caller, repo }: DiscussionChange, author: Discussion["author"], what: string): void {
  if (isOwnOf(caller.principal, author) || mayReview(caller.principal, repo)) return;
  throw new HubError(403, "Forbidden", `Only its author and people with the write role may ${what}.`);
}

async function requireRoom(deps: DiscussionDeps, repo: StoredRepo, { num }: Discussion): Promise<void> {
  if ((await deps.discussions.countEvents(repo.repoId, num)) < MAX_EVENTS) return;
  throw new HubError(409, "Conflict", `A discussion has at most ${MAX_EVENTS} entries. Open a new one.`);
}
