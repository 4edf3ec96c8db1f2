import type { ObjectId } from "../git/object-id.ts";
import type { PushedObjects } from "./git-transfers.ts";
import type { PushCommand } from "./push-commands.ts";
import type { PushRequest } from "./push-request.ts";
import { type PullRequestRights, refuseRef } from "./ref-rules.ts";

/** A command and, in a few words, why it is not carried out. */
export interface JudgedCommand {
  readonly command: PushCommand;
  readonly refusal: string | undefined;
}

/** Judges each command by the name of its ref, the rights of the pusher, and what it would point to. */
export async function judgeCommands(
  deps: { readonly pulls?: PullRequestRights | undefined },
  { repo, pusher, commands }: Pick<PushRequest, "repo" | "pusher" | "commands">,
  objects: PushedObjects,
): Promise<readonly JudgedCommand[]> {
  const judged: JudgedCommand[] = [];
  for (const command of commands) {
    const refusal =
      (await refuseRef(command, repo, pusher, deps.pulls)) ?? (await refuseTarget(command.ref, command.new, objects));
    judged.push({ command, refusal });
  }
  return judged;
}

/** A branch on anything but a commit would break every reader of the repo. */
async function refuseTarget(
  ref: string,
  target: ObjectId | undefined,
  objects: PushedObjects,
): Promise<string | undefined> {
  if (target === undefined) return undefined;
  const type = await objects.typeOf(target);
  if (type === undefined) return "missing necessary objects";
  if (!ref.startsWith("refs/tags/")) return type === "commit" ? undefined : "a branch names a commit";
  return (await objects.peel(target)) === undefined ? "a tag names a commit" : undefined;
}
