import { type ObjectId, parseObjectId } from "../../git/object-id.ts";
import { type GitProgram, runGit, spawnGit } from "./git-command.ts";

const DIFF_TIMEOUT_MS = 10_000;

/** The newest commit that both histories have; `undefined` when they have none in common. */
export async function mergeBaseOf(
  program: GitProgram,
  gitDirectory: string,
  one: ObjectId,
  other: ObjectId,
): Promise<ObjectId | undefined> {
  const { status, stdout, stderr } = await runGit(program, gitDirectory, ["merge-base", one, other]);
  if (status > 1) throw new Error(`git merge-base failed: ${stderr}`);
  return parseObjectId(stdout.toString("latin1").trim());
}

/** A unified diff, cut after `maxBytes`; a comparison that takes too long ends with what there is. */
export async function diffOf(
  program: GitProgram,
  gitDirectory: string,
  from: ObjectId,
  to: ObjectId,
  maxBytes: number,
): Promise<string> {
  const options = ["--no-color", "--no-ext-diff", "--no-textconv", "-M", "-l200"];
  const child = spawnGit(program, gitDirectory, ["diff", ...options, from, to, "--"]);
  const timer = setTimeout(() => child.kill(), DIFF_TIMEOUT_MS);
  child.stdin.on("error", () => {});
  child.stdin.end();
  child.stderr.resume();
  const chunks: Buffer[] = [];
  let size = 0;
  const closed = new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve());
  });
  child.stdout.on("data", (chunk: Buffer) => {
    if (size < maxBytes) chunks.push(chunk);
    size += chunk.length;
    if (size >= maxBytes) child.kill();
  });
  try {
    await closed;
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8");
}
