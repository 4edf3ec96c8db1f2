import type { CommentData, Discussion, DiscussionEvent } from "./discussion.ts";

/** Which discussions of a repo to list; an `undefined` filter matches all. */
export interface DiscussionQuery {
  readonly type: "discussion" | "pull_request" | undefined;
  /** `open` takes in drafts, `closed` what was merged. */
  readonly status: "open" | "closed" | undefined;
  /** An account's name, compared without regard to case. */
  readonly author: string | undefined;
  readonly skip: number;
  /** 1 to 100. */
  readonly limit: number;
}

/** Port: what people write beside the files. Ends with its repo; nothing else is ever deleted. */
export interface Discussions {
  find(repoId: string, num: number): Promise<Discussion | undefined>;
  /** Newest first, and how many match in all. */
  list(
    repoId: string,
    query: DiscussionQuery,
  ): Promise<{ readonly discussions: readonly Discussion[]; readonly count: number }>;
  /** The highest number that was given out; 0 when there is none. */
  lastNumber(repoId: string): Promise<number>;
  /** How many this person has open in the repo, drafts included. */
  openOf(repoId: string, author: string): Promise<number>;
  events(repoId: string, num: number): Promise<readonly DiscussionEvent[]>;
  countEvents(repoId: string, num: number): Promise<number>;
  /** `taken` when the number is in use, `missing` when the repo is gone. Durable when it resolves. */
  create(repoId: string, discussion: Discussion, first: DiscussionEvent): Promise<"created" | "taken" | "missing">;
  /** Stores title, status and merge of a discussion whose status still is `expected`, and what happened, together. */
  update(
    repoId: string,
    discussion: Discussion,
    expected: Discussion["status"],
    events: readonly DiscussionEvent[],
  ): Promise<"stored" | "changed">;
  /** Adds a comment. */
  add(repoId: string, num: number, event: DiscussionEvent): Promise<"stored" | "missing">;
  /** Replaces a comment's text or hides it. `missing` also when it was hidden before. */
  changeComment(repoId: string, num: number, eventId: string, data: CommentData): Promise<"stored" | "missing">;
}
