import type { Participant } from "@postern/core/access/discussion-access";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { ObjectId } from "../git/object-id.ts";

/** `draft` and `merged` are for pull requests only. */
export const DISCUSSION_STATUSES = ["open", "closed", "draft", "merged"] as const;
export type DiscussionStatus = (typeof DISCUSSION_STATUSES)[number];

/** A discussion or a pull request of one repo; they share their numbers, which are never used again. */
export interface Discussion {
  /** From 1. */
  readonly num: number;
  readonly title: string;
  readonly status: DiscussionStatus;
  readonly author: Participant;
  readonly createdAt: EpochSeconds;
  /** For a pull request. */
  readonly pull: PullRequest | undefined;
}

/** What a pull request wants to change. Its commits are at `refs/pr/{num}`. */
export interface PullRequest {
  /** The branch it goes to: `refs/heads/main`. */
  readonly target: string;
  /** Set when it was merged: where the target was before and what it became. */
  readonly merged: { readonly base: ObjectId; readonly commit: ObjectId } | undefined;
}

/** Something that happened in a discussion. Commits are not among them: git knows them better. */
export interface DiscussionEvent {
  /** 24 hex digits. */
  readonly id: string;
  readonly author: Participant;
  readonly createdAt: EpochSeconds;
  readonly data: EventData;
}

export type EventData = CommentData | StatusData | TitleData;

export interface CommentData {
  readonly type: "comment";
  /** Empty once hidden: it cannot be had back. */
  readonly text: string;
  readonly hidden: boolean;
  /** Set when it was edited or hidden: by whom and when, for the last time. */
  readonly changed: { readonly by: Participant; readonly at: EpochSeconds } | undefined;
}

export interface StatusData {
  readonly type: "status-change";
  readonly status: DiscussionStatus;
}

export interface TitleData {
  readonly type: "title-change";
  readonly from: string;
  readonly to: string;
}

/** The ref that a pull request's commits are at. */
export function pullRefOf(num: number): string {
  return `refs/pr/${num}`;
}

/** The number in `refs/pr/{num}`; `undefined` for any other ref. */
export function pullNumberOf(ref: string): number | undefined {
  const digits = /^refs\/pr\/([1-9][0-9]{0,8})$/.exec(ref)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
