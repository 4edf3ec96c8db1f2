import type { Brand } from "../brand/brand.ts";

/** The second part of a repo id. Compared exactly; unique in its namespace without regard to case. */
export type RepoName = Brand<string, "RepoName">;

/**
 * The Hub's rule: 1 to 96 characters of `A-Z a-z 0-9 - _ .`; no `-` or `.` at either end; no `--`, no `..`; not ending in `.git`.
 *
 * @returns `undefined` when `text` is anything else; nothing is trimmed, decoded or folded.
 */
export function parseRepoName(text: string): RepoName | undefined {
  if (text.length < 1 || text.length > 96) return undefined;
  if (!/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(text)) return undefined;
  if (text.includes("--") || text.includes("..")) return undefined;
  if (text.toLowerCase().endsWith(".git")) return undefined;
  return text as RepoName;
}
