import { lstat, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type RepoRef, repoIdOf } from "@postern/core/resource/repo-ref";
import type { CliContext } from "../context/cli-context.ts";
import { CliError } from "../failure/cli-error.ts";
import type { Session } from "../session/session.ts";
import type { TransferProgress } from "../terminal/transfer-progress.ts";
import { hasContent } from "./content-hash.ts";
import type { RepoFile } from "./repo-files.ts";
import { retryingFetch } from "./retrying-fetch.ts";
import { safeTarget } from "./safe-target.ts";
import { InterruptedContent, writeVerified } from "./write-verified.ts";

export interface DownloadRequest {
  readonly repo: RepoRef;
  /** 40 hex digits: a branch could move between two files. */
  readonly commit: string;
  readonly files: readonly RepoFile[];
  /** Absolute. */
  readonly folder: string;
  readonly progress: TransferProgress;
}

/** Files at a time: enough to fill a line with small files, few enough for a small machine. */
const PARALLEL = 4;

/** How often one file's content is begun when its connection breaks. */
const TRIES = 3;

/** Downloads through `@huggingface/hub`; a file that is there already with the right content is kept. */
export async function downloadFiles(context: CliContext, session: Session, request: DownloadRequest): Promise<void> {
  // All paths are judged before the first byte is written.
  const targets = request.files.map((file) => ({ file, target: safeTarget(request.folder, file.path) }));
  const queue = targets.values();
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const work = async (): Promise<void> => {
    for (const { file, target } of queue) {
      signal.throwIfAborted();
      try {
        await downloadFile(session, request, file, target, signal);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: PARALLEL }, work));
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
}

async function downloadFile(
  session: Session,
  request: DownloadRequest,
  file: RepoFile,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { progress } = request;
  if (await isThere(target, file)) {
    progress.advance(file.size);
    progress.file(file.path, file.size);
    return;
  }
  await mkdir(dirname(target), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const content = await openContent(session, request, file, signal);
    try {
      await writeVerified({ target, file, content, progress, signal });
      break;
    } catch (error) {
      // A connection that broke in the middle; what the hub refused, or sent wrongly, stays wrong.
      if (attempt === TRIES || signal.aborted || !(error instanceof InterruptedContent)) throw error;
    }
  }
  progress.file(file.path, file.size);
}

async function isThere(target: string, file: RepoFile): Promise<boolean> {
  const found = await lstat(target).catch(() => undefined);
  return found?.isFile() === true && found.size === file.size && (await hasContent(target, file.hash, file.size));
}

/** The file's bytes; a refusal while the stream opens is kept, because the library's stream reports its words alone. */
async function openContent(
  session: Session,
  { repo, commit }: DownloadRequest,
  file: RepoFile,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const hub = await import("@huggingface/hub");
  const accessToken = await session.token();
  const blob = await hub.downloadFile({
    repo: { type: repo.kind, name: repoIdOf(repo) },
    ...(accessToken === undefined ? {} : { accessToken }),
    hubUrl: session.endpoint,
    revision: commit,
    // The library puts the path into the URL as it is.
    path: file.path.split("/").map(encodeURIComponent).join("/"),
    fetch: retryingFetch((input, init) => session.fetch(input, { ...init, signal }), { signal }),
  });
  if (blob === null) throw new CliError(`${file.path} has vanished from ${repoIdOf(repo)}.`, { next: "Run it again." });
  // For an empty file a second request would only ask for nothing.
  return blob.size === 0 ? new Blob([]).stream() : blob.stream();
}
