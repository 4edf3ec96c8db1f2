import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CliError } from "../failure/cli-error.ts";
import type { TransferProgress } from "../terminal/transfer-progress.ts";
import { startHash } from "./content-hash.ts";
import type { RepoFile } from "./repo-files.ts";

export interface VerifiedWrite {
  readonly target: string;
  readonly file: RepoFile;
  readonly content: ReadableStream<Uint8Array>;
  readonly progress: TransferProgress;
  readonly signal: AbortSignal;
}

/**
 * Writes beside the target and renames once size and hash agree, so that a file with its own name is always whole.
 *
 * @throws {CliError} when the content is short, long or different; nothing stays behind.
 */
export async function writeVerified({ target, file, content, progress, signal }: VerifiedWrite): Promise<void> {
  const partial = join(dirname(target), `.${basename(target).slice(0, 100)}.${randomBytes(6).toString("hex")}.part`);
  const hash = startHash(file.hash, file.size);
  try {
    // `wx`: an existing file, or a link that somebody planted, is never written through.
    await using handle = await open(partial, "wx");
    let written = 0;
    for await (const chunk of content) {
      signal.throwIfAborted();
      hash?.update(chunk);
      await handle.appendFile(chunk);
      written += chunk.byteLength;
      progress.advance(chunk.byteLength);
    }
    if (written !== file.size) {
      throw new CliError(`${file.path} has ${written} bytes instead of ${file.size}.`, { next: "Run it again." });
    }
    if (hash !== undefined && file.hash.kind !== "unknown" && hash.digest("hex") !== file.hash.hex) {
      throw new CliError(`${file.path} arrived with other content than the hub lists: its hash differs.`, {
        next: "Run it again; if it stays, tell whoever runs the hub.",
      });
    }
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    // The library aborts its stream with a bare string.
    throw typeof error === "string" ? new CliError(`${file.path} could not be read: ${error}`) : error;
  }
}
