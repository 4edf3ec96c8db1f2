import { pathToFileURL } from "node:url";
import { type RepoRef, repoIdOf } from "@postern/core/resource/repo-ref";
import type { CliContext } from "../context/cli-context.ts";
import type { Session } from "../session/session.ts";
import type { TransferProgress } from "../terminal/transfer-progress.ts";
import { countingFetch } from "./counting-fetch.ts";
import type { LocalFile } from "./local-files.ts";
import { retryingFetch } from "./retrying-fetch.ts";

export interface UploadRequest {
  readonly repo: RepoRef;
  readonly branch: string;
  readonly files: readonly LocalFile[];
  readonly title: string;
  readonly description: string | undefined;
  readonly progress: TransferProgress;
  readonly useXet: boolean;
}

export interface UploadedCommit {
  readonly oid: string;
  readonly url: string;
}

const PHASES = {
  preuploading: "preparing",
  uploadingLargeFiles: "uploading",
  committing: "committing",
} as const;

/** Publishes the files as one commit through `@huggingface/hub`, which streams them from disk. */
export async function uploadFiles(
  context: CliContext,
  session: Session,
  request: UploadRequest,
): Promise<UploadedCommit | undefined> {
  const { commitIter } = await import("@huggingface/hub");
  const { progress } = request;
  const accessToken = await session.token();
  const large = new Set<string>();
  const sizes = new Map(request.files.map(({ path, size }) => [path, size]));
  const moved = new Map<string, number>();
  const advance = (path: string, count: number): void => {
    moved.set(path, (moved.get(path) ?? 0) + count);
    progress.advance(count);
  };
  const complete = (path: string): void => {
    const size = sizes.get(path) ?? 0;
    // A file that the server already has is not sent, but it is done all the same.
    advance(path, size - (moved.get(path) ?? 0));
    progress.file(path, size);
  };
  const events = commitIter({
    repo: { type: request.repo.kind, name: repoIdOf(request.repo) },
    ...(accessToken === undefined ? {} : { accessToken }),
    hubUrl: session.endpoint,
    branch: request.branch,
    title: request.title,
    ...(request.description === undefined ? {} : { description: request.description }),
    operations: request.files.map(({ path, absolutePath }) => ({
      operation: "addOrUpdate" as const,
      path,
      content: pathToFileURL(absolutePath),
    })),
    useXet: request.useXet,
    abortSignal: context.signal,
    fetch: retryingFetch(countingFetch(session.fetch, advance), { signal: context.signal }),
  });
  for (;;) {
    const step = await events.next();
    if (step.done === true) {
      for (const { path } of request.files) if (!large.has(path)) complete(path);
      return step.value?.commit;
    }
    const event = step.value;
    if (event.event === "phase") progress.phase(PHASES[event.phase]);
    else if (event.state === "hashing") progress.phase("hashing");
    else if (event.state === "uploading" && sizes.has(event.path)) {
      if (event.progress < 1) progress.phase("uploading");
      else if (!large.has(event.path)) {
        large.add(event.path);
        complete(event.path);
      }
    }
  }
}
