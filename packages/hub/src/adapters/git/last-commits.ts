import type { Commit } from "../../git/git-repository.ts";
import type { ObjectId } from "../../git/object-id.ts";
import { type GitProgram, spawnGit } from "./git-command.ts";
import { COMMIT_FIELDS, COMMIT_FORMAT, commitOfFields } from "./git-log.ts";

/** A walk that takes longer, in milliseconds, ends with what it found: a listing without some dates beats none. */
const MAX_WALK_MS = 20_000;

/** Stands before the fields of each commit. A path that looks like it follows a raw line and is told apart by that. */
const MARK = "postern-commit";

/**
 * The newest commit that changed each of `paths`.
 *
 * One `git log` limited to these paths instead of one per path, read as it comes and stopped at the last answer.
 */
export async function lastCommits(
  program: GitProgram,
  gitDirectory: string,
  from: ObjectId,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Commit>> {
  const found = new Map<string, Commit>();
  const wanted = new Set(paths);
  if (wanted.size === 0) return found;
  const format = `--format=tformat:${MARK}%x00${COMMIT_FORMAT}`;
  // `-t`: a folder counts as changed with anything in it, and is named by itself.
  const args = ["log", format, "-z", "--raw", "-t", "--no-abbrev", "--no-renames", from, "--", ...wanted];
  const child = spawnGit(program, gitDirectory, args);
  const timer = setTimeout(() => child.kill(), MAX_WALK_MS);
  child.on("error", (error) => child.stdout.destroy(error));
  child.stdin.on("error", () => {});
  child.stdin.end();
  child.stderr.resume();
  let current: Commit | undefined;
  let fields: string[] | undefined;
  let isPath = false;
  try {
    for await (const token of tokensOf(child.stdout)) {
      if (fields !== undefined) {
        fields.push(token);
        if (fields.length < COMMIT_FIELDS) continue;
        current = commitOfFields(fields);
        fields = undefined;
      } else if (isPath) {
        isPath = false;
        if (current === undefined || !wanted.has(token) || found.has(token)) continue;
        found.set(token, current);
        if (found.size === wanted.size) break;
      } else if (token.trimStart().startsWith(":")) {
        isPath = true;
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
