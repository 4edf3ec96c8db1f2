import { HubError } from "@postern/core/error/hub-error";
import type { RepoKind } from "@postern/core/resource/repo-kind";
import { parseRepoRef, type RepoRef } from "@postern/core/resource/repo-ref";
import { parseEntryPath } from "../git/entry-path.ts";
import type { GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";

/** The segments of a request's path as they were sent: split at `/`, nothing decoded, query left out. */
export function rawSegmentsOf(rawUrl: string): readonly string[] {
  const end = rawUrl.search(/[?#]/);
  return (end < 0 ? rawUrl : rawUrl.slice(0, end)).split("/").slice(1);
}

/**
 * The repo that a path names at `at`: namespace first, then the name, with or without `.git` (hub-wire §9).
 *
 * @returns `undefined` when it breaks the grammar; `openRepo` answers that like a missing repo.
 */
export function requestedRepo(kind: RepoKind, segments: readonly string[], at: number): RepoRef | undefined {
  const namespace = segments[at];
  const name = segments[at + 1];
  if (namespace === undefined || name === undefined) return undefined;
  return parseRepoRef(kind, namespace, name.endsWith(".git") ? name.slice(0, -4) : name);
}

/** Percent-decodes one segment. @throws {HubError} 400 when it is no valid UTF-8 or contains NUL. */
export function decodeSegment(segment: string): string {
  try {
    const text = decodeURIComponent(segment);
    if (!text.includes("\0")) return text;
  } catch {
    // Refused below.
  }
  throw new HubError(400, "BadRequest", "The path of this request is not properly percent-encoded.");
}

/** A commit and a path in it, as a request named them. */
export interface RequestedPath {
  /** As the client spelled it, decoded. */
  readonly revision: string;
  readonly commit: ObjectId;
  /** `""` for the root. */
  readonly path: string;
}

/** A ref of more segments than this is only found when it is sent percent-encoded as one. */
const MAX_REF_SEGMENTS = 12;

/**
 * Splits `{revision}/{path}` where the revision may be one encoded segment (`refs%2Fpr%2F1`) or several raw ones (`refs/pr/1`,
 * `feature/x`); among several readings the longest ref that exists wins.
 *
 * @throws {HubError} 404 `RevisionNotFound`; 400 when the path breaks the grammar of `parseEntryPath`.
 */
export async function requestedPath(git: GitRepository, tail: readonly string[]): Promise<RequestedPath> {
  const segments = tail.map(decodeSegment);
  const found = await findRevision(git, segments);
  if (found === undefined) throw revisionNotFound(segments[0] ?? "");
  const rest = segments.slice(found.segments).join("/").replace(/\/$/, "");
  return { revision: found.revision, commit: found.commit, path: rest === "" ? "" : parseEntryPath(rest) };
}

/** Like `requestedPath` where nothing may follow the revision. @throws {HubError} 404 `RevisionNotFound`. */
export async function requestedCommit(git: GitRepository, tail: readonly string[]): Promise<RequestedPath> {
  const revision = requestedRevision(tail);
  const commit = await git.resolveRevision(revision);
  if (commit === undefined) throw revisionNotFound(revision);
  return { revision, commit, path: "" };
}

/** The revision that the whole tail spells, whether or not it exists. A slash at its end is none of it, unless it is escaped. */
export function requestedRevision(tail: readonly string[]): string {
  const named = tail.at(-1) === "" ? tail.slice(0, -1) : tail;
  return named.map(decodeSegment).join("/");
}

async function findRevision(
  git: GitRepository,
  segments: readonly string[],
): Promise<{ revision: string; commit: ObjectId; segments: number } | undefined> {
  const [first] = segments;
  if (first === undefined || first === "") return undefined;
  const fixed = first.includes("/") || first === "HEAD" || /^[0-9a-f]{40}$/.test(first);
  const longest = fixed ? 1 : Math.min(segments.length, MAX_REF_SEGMENTS);
  const candidates = Array.from({ length: longest }, (_, index) => segments.slice(0, longest - index).join("/"));
  const commits = await Promise.all(candidates.map((candidate) => git.resolveRevision(candidate)));
  for (const [index, commit] of commits.entries()) {
    const revision = candidates[index];
    if (commit !== undefined && revision !== undefined) return { revision, commit, segments: longest - index };
  }
  return undefined;
}
