import { type RepoRef, repoIdOf } from "@postern/core/resource/repo-ref";
import type { Session } from "../session/session.ts";
import { retryingFetch } from "./retrying-fetch.ts";

export interface RepoFile {
  readonly path: string;
  /** Bytes of the content, not of an LFS pointer. */
  readonly size: number;
  readonly hash: FileHash;
}

/** LFS objects are named by their sha256, everything else by its git blob id. */
export type FileHash =
  | { readonly kind: "sha256"; readonly hex: string }
  | { readonly kind: "git-blob"; readonly hex: string }
  | { readonly kind: "unknown" };

/** Every file of one commit, through `@huggingface/hub`. */
export async function listRepoFiles(
  session: Session,
  repo: RepoRef,
  commit: string,
  signal: AbortSignal,
): Promise<readonly RepoFile[]> {
  const { listFiles } = await import("@huggingface/hub");
  const accessToken = await session.token();
  const files: RepoFile[] = [];
  const entries = listFiles({
    repo: { type: repo.kind, name: repoIdOf(repo) },
    ...(accessToken === undefined ? {} : { accessToken }),
    hubUrl: session.endpoint,
    revision: commit,
    recursive: true,
    fetch: retryingFetch(session.fetch, { signal }),
  });
  for await (const { type, path, size, oid, lfs } of entries) {
    if (type !== "file") continue;
    if (lfs !== undefined) files.push({ path, size: lfs.size, hash: sha256Of(lfs.oid) });
    else files.push({ path, size, hash: blobIdOf(oid) });
  }
  return files;
}

function sha256Of(oid: string): FileHash {
  const hex = oid.replace(/^sha256:/, "");
  return /^[0-9a-f]{64}$/.test(hex) ? { kind: "sha256", hex } : { kind: "unknown" };
}

function blobIdOf(oid: string | undefined): FileHash {
  return oid !== undefined && /^[0-9a-f]{40}$/.test(oid) ? { kind: "git-blob", hex: oid } : { kind: "unknown" };
}
