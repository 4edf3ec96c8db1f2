import { resolve } from "node:path";
import { pluralOf } from "@postern/core/resource/repo-kind";
import { type RepoRef, repoIdOf, repoPathOf } from "@postern/core/resource/repo-ref";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError } from "../../failure/cli-error.ts";
import { textIn } from "../../http/json-value.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { type RevokeOption, withRevocation } from "../../session/revoke-on-exit.ts";
import { openSession, type Session } from "../../session/session.ts";
import { formatByteSize, formatDuration } from "../../terminal/byte-size.ts";
import { transferProgress } from "../../terminal/transfer-progress.ts";
import { downloadFiles } from "../../transfer/download-files.ts";
import { pathFilter } from "../../transfer/path-filter.ts";
import { listRepoFiles, type RepoFile } from "../../transfer/repo-files.ts";

export interface DownloadOptions extends RevokeOption {
  readonly localDir?: string;
  readonly repoType?: string;
  readonly revision?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Pins the revision to a commit, lists, downloads and verifies; prints the folder. */
export async function download(
  context: CliContext,
  repoText: string,
  paths: readonly string[],
  options: DownloadOptions,
): Promise<void> {
  const repo = parseRepoArgument(repoText, options.repoType);
  const folder = resolve(context.cwd, options.localDir ?? repo.name);
  const session = openSession(context, endpointOf(context.env));
  await withRevocation(context, session, options, () => fetchFiles(context, session, { repo, paths, folder }, options));
}

async function fetchFiles(
  context: CliContext,
  session: Session,
  { repo, paths, folder }: { readonly repo: RepoRef; readonly paths: readonly string[]; readonly folder: string },
  options: DownloadOptions,
): Promise<void> {
  const { terminal } = context;
  const revision = options.revision ?? "main";
  const commit = await pinRevision(session, repo, revision);
  const files = choose(await listRepoFiles(session, repo, commit, context.signal), paths, options, repo);
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const startedAt = context.now();
  const progress = transferProgress({
    terminal,
    silent: options.json === true || options.quiet === true,
    env: context.env,
    now: context.now,
    done: "downloaded",
    totalBytes,
    totalFiles: files.length,
  });
  try {
    progress.phase("downloading");
    await downloadFiles(context, session, { repo, commit, files, folder, progress });
  } finally {
    progress.stop();
  }
  if (options.json === true) {
    terminal.json({ repo: repoPathOf(repo), revision, commit, folder, files: files.length, bytes: totalBytes });
  } else if (options.quiet !== true) {
    terminal.note(
      `${terminal.style("green", "✓", "note")} ${files.length} ${files.length === 1 ? "file" : "files"}, ${formatByteSize(totalBytes)} in ${formatDuration(context.now() - startedAt)}, every hash checked`,
    );
    terminal.out(folder);
  }
}

/** A branch may move while we read; a commit does not. */
async function pinRevision(session: Session, repo: RepoRef, revision: string): Promise<string> {
  if (/^[0-9a-f]{40}$/.test(revision)) return revision;
  const info = await session.json(
    `/api/${pluralOf(repo.kind)}/${repoIdOf(repo)}/revision/${encodeURIComponent(revision)}`,
  );
  const commit = textIn(info, "sha");
  if (commit === undefined || !/^[0-9a-f]{40}$/.test(commit)) {
    throw new CliError(`${repoIdOf(repo)} has no commit on ${revision} yet.`, { next: "Publish something first." });
  }
  return commit;
}

function choose(
  all: readonly RepoFile[],
  paths: readonly string[],
  options: DownloadOptions,
  repo: RepoRef,
): readonly RepoFile[] {
  const missing = paths.find((path) => !all.some((file) => file.path === path));
  if (missing !== undefined) {
    throw new CliError(`${repoIdOf(repo)} has no file ${missing}.`, {
      next: "Paths are exact; --include takes patterns.",
    });
  }
  const keep = pathFilter(options.include, options.exclude);
  const files = all.filter(({ path }) => (paths.length === 0 || paths.includes(path)) && keep(path));
  if (files.length === 0) {
    throw new CliError(`There is nothing to download from ${repoIdOf(repo)}.`, {
      next: all.length === 0 ? "The repo is empty." : "Check --include and --exclude.",
    });
  }
  return files;
}
