import type { Commit, TreeEntry } from "../../git/git-repository.ts";
import type { ObjectId } from "../../git/object-id.ts";
import { type GitProgram, spawnGit } from "./git-command.ts";
import { COMMIT_FIELDS, COMMIT_FORMAT, commitOfFields } from "./git-log.ts";

/** A walk that takes longer, in milliseconds, ends with what it found: a listing without some dates beats none. */
const MAX_WALK_MS = 20_000;

/** More paths than this are not handed to git, which would compare each with every entry of every tree, and has no room for so many. */
const MAX_PATHSPECS = 100;

/** Stands before the fields of each commit. A path that looks like it follows a raw line and is told apart by that. */
const MARK = "postern-commit";

/**
 * The newest commit that made each of `entries` what it is.
 *
 * One `git log` for all instead of one per path, read as it comes and stopped at the last answer; limited to the paths while they are
 * few. A commit counts only when it left the object that is there now: a change that a merge threw away made nothing of today.
 */
export async function lastCommits(
  program: GitProgram,
  gitDirectory: string,
  from: ObjectId,
  entries: readonly Pick<TreeEntry, "path" | "oid">[],
): Promise<ReadonlyMap<string, Commit>> {
  const found = new Map<string, Commit>();
  const wanted = new Map(entries.map(({ path, oid }) => [path, oid]));
  if (wanted.size === 0) return found;
  const format = `--format=tformat:${MARK}%x00${COMMIT_FORMAT}`;
  // `-t`: a folder counts as changed with anything in it, and is named by itself. `-c`: of a merge, what none of its parents had.
  const args = ["log", format, "-z", "--raw", "-t", "-c", "--no-abbrev", "--no-renames", from, "--"];
  if (wanted.size <= MAX_PATHSPECS) args.push(...wanted.keys());
  const child = spawnGit(program, gitDirectory, args);
  const timer = setTimeout(() => child.kill(), MAX_WALK_MS);
  child.on("error", (error) => child.stdout.destroy(error));
  child.stdin.on("error", () => {});
  child.stdin.end();
  child.stderr.resume();
  let current: Commit | undefined;
  let fields: string[] | undefined;
  /** What the commit left at the path that comes next. */
  let left: string | undefined;
  try {
    for await (const token of tokensOf(child.stdout)) {
      if (fields !== undefined) {
        fields.push(token);
        if (fields.length < COMMIT_FIELDS) continue;
        current = commitOfFields(fields);
        fields = undefined;
      } else if (left !== undefined) {
        const isLast = wanted.get(token) === left;
        left = undefined;
        if (current === undefined || !isLast || found.has(token)) continue;
        found.set(token, current);
        if (found.size === wanted.size) break;
      } else if (token.trimStart().startsWith(":")) {
        left = objectLeftBy(token);
      } else if (token.trim() === MARK) {
        fields = [];
      }
    }
  } finally {
    clearTimeout(timer);
    child.kill();
  }
  return found;
}

/** `:mode mode old new status`; of a merge, one more colon, mode and object for each parent but the first. */
function objectLeftBy(rawLine: string): string {
  return rawLine.trim().split(" ").at(-2) ?? "";
}

/** Texts that end in NUL. */
async function* tokensOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = all.indexOf(0, start); end >= 0; end = all.indexOf(0, start)) {
      yield all.toString("utf8", start, end);
      start = end + 1;
    }
    rest = all.subarray(start);
  }
}
