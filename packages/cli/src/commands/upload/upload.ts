import { basename, resolve } from "node:path";
import { type RepoRef, repoPathOf } from "@postern/core/resource/repo-ref";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { type RevokeOption, withRevocation } from "../../session/revoke-on-exit.ts";
import { openSession, type Session } from "../../session/session.ts";
import { formatByteSize, formatDuration } from "../../terminal/byte-size.ts";
import { transferProgress } from "../../terminal/transfer-progress.ts";
import { checkModelCard } from "../../transfer/check-model-card.ts";
import { ensureBranch, ensureRepo } from "../../transfer/ensure-repo.ts";
import { type LocalFile, listLocalFiles } from "../../transfer/local-files.ts";
import { pathFilter } from "../../transfer/path-filter.ts";
import { uploadFiles } from "../../transfer/upload-files.ts";

export interface UploadOptions extends RevokeOption {
  readonly repoType?: string;
  readonly revision?: string;
  readonly commitMessage?: string;
  readonly commitDescription?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly private?: boolean;
  readonly create: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Lists, checks and publishes; prints the commit. */
export async function upload(
  context: CliContext,
  repoText: string,
  local: string,
  pathInRepo: string | undefined,
  options: UploadOptions,
): Promise<void> {
  const repo = parseRepoArgument(repoText, options.repoType);
  const files = await chooseFiles(resolve(context.cwd, local), pathInRepo, options);
  const session = openSession(context, endpointOf(context.env));
  await withRevocation(context, session, options, () => publish(context, session, repo, files, options));
}

async function publish(
  context: CliContext,
  session: Session,
  repo: RepoRef,
  files: readonly LocalFile[],
  options: UploadOptions,
): Promise<void> {
  const { terminal } = context;
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  if ((await session.token()) === undefined) {
    throw new CliError("You are not logged in, so you cannot publish.", {
      next: "Set HF_TOKEN, or inside a CI job set HF_OIDC_RESOURCE to the repo that you publish to.",
    });
  }
  await ensureRepo(session, repo, { create: options.create, private: options.private === true });
  const branch = options.revision ?? "main";
  if (branch !== "main") await ensureBranch(session, repo, branch);
  const silent = options.json === true || options.quiet === true;
  for (const warning of await checkModelCard(session, repo, files)) if (!silent) terminal.note(`warning: ${warning}`);

  const startedAt = context.now();
  const progress = transferProgress({
    terminal,
    silent,
    env: context.env,
    now: context.now,
    done: "uploaded",
    totalBytes,
    totalFiles: files.length,
  });
  try {
    const commit = await uploadFiles(context, session, {
      repo,
      branch,
      files,
      title:
        options.commitMessage ?? `Upload ${files.length === 1 ? (files[0]?.path ?? "file") : "folder"} with postern`,
      description: options.commitDescription,
      progress,
      useXet: !/^(?:1|on|yes|true)$/i.test(context.env.HF_HUB_DISABLE_XET ?? ""),
    });
    progress.stop();
    if (commit === undefined) throw new CliError("The hub did not say which commit it made.");
    if (options.json === true) {
      const { oid, url } = commit;
      terminal.json({
        repo: repoPathOf(repo),
        revision: branch,
        commit: oid,
        url,
        files: files.length,
        bytes: totalBytes,
      });
    } else if (options.quiet !== true) {
      terminal.note(
        `${terminal.style("green", "✓", "note")} ${files.length} ${files.length === 1 ? "file" : "files"}, ${formatByteSize(totalBytes)} in ${formatDuration(context.now() - startedAt)}`,
      );
      terminal.out(commit.url);
    }
  } finally {
    progress.stop();
  }
}

async function chooseFiles(
  root: string,
  pathInRepo: string | undefined,
  options: UploadOptions,
): Promise<readonly LocalFile[]> {
  const found = await listLocalFiles(root);
  const isFile = found.length === 1 && found[0]?.absolutePath === root;
  const target = (pathInRepo ?? "").replace(/^(?:\.?\/)+|\/+$/g, "");
  if (target.split("/").some((part) => part === ".." || part === ".git")) {
    throw usageError(
      `'${pathInRepo}' is no path in a repo.`,
      "Give a path below the repo's root, for example data/v2.",
    );
  }
  if (isFile) {
    return found.map((file) => ({
      ...file,
      // As with `hf`: for a file, the path in the repo is the file's own.
      path: target === "" || target === "." ? basename(root) : target,
    }));
  }
  const keep = pathFilter(options.include, options.exclude);
  const files = found.filter(({ path }) => keep(path));
  if (files.length === 0) {
    throw new CliError(`There is nothing to publish in ${root}.`, {
      next: "Check the folder, --include and --exclude.",
    });
  }
  return target === "" || target === "." ? files : files.map((file) => ({ ...file, path: `${target}/${file.path}` }));
}
