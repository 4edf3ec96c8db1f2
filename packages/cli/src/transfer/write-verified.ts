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
 * @throws {InterruptedContent} when the content breaks off, which is worth another try. @throws {CliError} when it is long or
 * different. Nothing stays behind.
 */
export async function writeVerified({ target, file, content, progress, signal }: VerifiedWrite): Promise<void> {
  const partial = join(dirname(target), `.${shortened(basename(target))}.${randomBytes(6).toString("hex")}.part`);
  const hash = startHash(file.hash, file.size);
  let written = 0;
  try {
    // `wx`: an existing file, or a link that somebody planted, is never written through.
    await using handle = await open(partial, "wx");
    for await (const chunk of uninterrupted(content, file.path)) {
      signal.throwIfAborted();
      // At once: a body without end must not fill the disk.
      if (written + chunk.byteLength > file.size) {
        throw new CliError(`${file.path} has more than the ${file.size} bytes that the hub lists.`, { next: ASK });
      }
      hash?.update(chunk);
      await handle.appendFile(chunk);
      written += chunk.byteLength;
      progress.advance(chunk.byteLength);
    }
    if (written < file.size) throw new InterruptedContent(file.path, `${written} of ${file.size} bytes came`);
    if (hash !== undefined && file.hash.kind !== "unknown" && hash.digest("hex") !== file.hash.hex) {
      throw new CliError(`${file.path} arrived with other content than the hub lists: its hash differs.`, {
        next: ASK,
      });
    }
    await rename(partial, target);
  } catch (error) {
    progress.advance(-written);
    await rm(partial, { force: true });
    throw error;
  }
}

/** File systems count a name in bytes, 255 at most, and one letter may be four of them (test: `test/clients/round-trip.test.ts`). */
function shortened(name: string): string {
  let short = "";
  for (const letter of name) {
    if (Buffer.byteLength(short + letter) > 100) break;
    short += letter;
  }
  return short;
}

const ASK = "Run it again; if it stays, tell whoever runs the hub.";

/** The content ended before its end. */
export class InterruptedContent extends CliError {
  constructor(path: string, reason: string) {
    super(`${path} broke off: ${reason}.`, { next: "Run it again: what is complete is kept." });
  }
}

/** The library aborts its stream with a bare string, and the connection with errors of its own: both mean a break. */
async function* uninterrupted(content: ReadableStream<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    throw new InterruptedContent(path, error instanceof Error ? error.message : String(error));
  }
}
