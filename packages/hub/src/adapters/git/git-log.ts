import type { Commit } from "../../git/git-repository.ts";
import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { type GitProgram, runGit } from "./git-command.ts";

/** NUL cannot occur in a commit, so no message can forge a field. */
export const COMMIT_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%ct%x00%s%x00%b%x00";
export const COMMIT_FIELDS = 8;

/** `git log`, newest first; only commits that changed `path` when it is given. */
export async function readLog(
  program: GitProgram,
  gitDirectory: string,
  from: ObjectId,
  {
    skip,
    limit,
    path,
    exclude,
  }: { readonly skip: number; readonly limit: number; readonly path?: string; readonly exclude?: ObjectId },
): Promise<readonly Commit[]> {
  const args = ["log", `--format=${COMMIT_FORMAT}`, `--skip=${skip}`, `--max-count=${limit}`, from];
  if (exclude !== undefined) args.push(`^${exclude}`);
  args.push("--");
  const { status, stdout, stderr } = await runGit(program, gitDirectory, path ? [...args, path] : args);
  if (status !== 0) throw new Error(`git log failed: ${stderr}`);
  return parseLog(stdout.toString("utf8"));
}

function parseLog(text: string): readonly Commit[] {
  const fields = text.split("\0");
  const commits: Commit[] = [];
  for (let at = 0; at + COMMIT_FIELDS < fields.length; at += COMMIT_FIELDS) {
    commits.push(commitOfFields(fields.slice(at, at + COMMIT_FIELDS)));
  }
  return commits;
}

/** A commit as `COMMIT_FORMAT` prints it. @throws {Error} when it is something else. */
export function commitOfFields(fields: readonly string[]): Commit {
  const [id = "", tree = "", parents = "", authorName = "", authorEmail = "", time = "", title = "", body = ""] =
    fields;
  const commit = parseObjectId(id.trim());
  const treeId = parseObjectId(tree);
  if (commit === undefined || treeId === undefined) throw new Error("git log printed something else");
  return {
    id: commit,
    tree: treeId,
    parents: parents.split(" ").flatMap((parent) => parseObjectId(parent) ?? []),
    authorName,
    authorEmail,
    committedAt: Number(time),
    title,
    body: body.trim(),
  };
}
