import type { Principal } from "@postern/core/access/principal";
import { isBranchOrTagName } from "../git/ref-name.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { PushCommand } from "./push-commands.ts";

/** Port: who may push to the ref of an open pull request beside the repo's writers. */
export interface PullRequestRights {
  /** Whether this principal opened a pull request of this repo that is still open: it may then knock with a push at all. */
  mayPushSome(repo: StoredRepo, principal: Principal): Promise<boolean>;
  /** Whether `number` is an open pull request of this repo that this principal opened. */
  mayPush(repo: StoredRepo, number: number, principal: Principal): Promise<boolean>;
  /** Whether `number` is a pull request of this repo that is still open. */
  isOpen(repo: StoredRepo, number: number): Promise<boolean>;
}

/** Who pushes: a writer of the repo, or somebody who may only push to pull requests of their own. */
export interface Pusher {
  readonly principal: Principal;
  readonly isWriter: boolean;
}

const DEFAULT_BRANCH = "refs/heads/main";

/**
 * Why this ref may not be moved so, in a few words; `undefined` when it may. Looks at names and rights, not at objects.
 *
 * Force is for every writer, as on the Hub: whoever may write may replace a branch, and the audit log keeps the old value.
 */
export async function refuseRef(
  command: PushCommand,
  repo: StoredRepo,
  pusher: Pusher,
  pulls: PullRequestRights | undefined,
): Promise<string | undefined> {
  const { ref } = command;
  const pull = /^refs\/pr\/([1-9][0-9]{0,8})$/.exec(ref)?.[1];
  if (pull !== undefined) return await refusePull(command, Number(pull), repo, pusher, pulls);
  const name = /^refs\/(?:heads|tags)\/(.+)$/su.exec(ref)?.[1];
  if (name === undefined) return "only branches, tags and pull requests can be pushed";
  if (!isBranchOrTagName(name)) return "invalid name of a branch or tag";
  if (!pusher.isWriter) return "you may only push to your own pull requests here";
  if (ref === DEFAULT_BRANCH && command.new === undefined) return "the branch main cannot be deleted";
  return undefined;
}

async function refusePull(
  command: PushCommand,
  number: number,
  repo: StoredRepo,
  { principal, isWriter }: Pusher,
  pulls: PullRequestRights | undefined,
): Promise<string | undefined> {
  if (command.new === undefined) return "a pull request is closed, not deleted";
  if (pulls === undefined || !(await pulls.isOpen(repo, number))) return "there is no such open pull request";
  if (isWriter || (await pulls.mayPush(repo, number, principal))) return undefined;
  return "this pull request is somebody else's";
}
