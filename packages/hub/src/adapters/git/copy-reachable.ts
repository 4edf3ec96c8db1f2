import { type GitProgram, runGit } from "./git-command.ts";

/**
 * Copies what the branches and tags of one bare repo reach into another, empty one.
 *
 * By git's own transport, as one new pack: memory stays flat, no file is shared (a hard link would tie the fate of two repos together),
 * and objects that nothing refers to any more, such as a file that was squashed away, stay behind. `refs/pr/` stays behind too.
 *
 * @throws {Error} with code `ENOSPC` on a full disk.
 */
export async function copyReachable(program: GitProgram, from: string, to: string): Promise<void> {
  // Local paths of our own are the one thing that may be fetched; the objects were checked when they came in.
  const settings = ["-c", "protocol.file.allow=always", "-c", "transfer.fsckObjects=false"];
  const refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
  const options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
  const fetch = [...settings, "fetch", ...options, "--", `file://${encodeURI(from)}`, ...refs];
  const { status, stderr } = await runGit(program, to, fetch);
  if (status === 0) return;
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    throw Object.assign(new Error("git fetch: no space left on device"), { code: "ENOSPC" });
  }
  throw new Error(`git fetch failed: ${stderr.slice(0, 300)}`);
}
