import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { HubError } from "@postern/core/error/hub-error";
import { type MultipartUpload, partCountOf, partSizeOf, type ReceivedPart } from "../lfs/lfs-store.ts";

const READ_SIZE = 1024 * 1024;

/** The file of one received part below its upload's folder. */
export function partFileName(partNumber: number, tag: string): string {
  return `${String(partNumber).padStart(5, "0")}-${tag}`;
}

/** A part on the disk. */
export interface PartFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * The files of the parts that a client names, in order.
 *
 * @throws {HubError} 400 `BadRequest` unless they are exactly the parts that the upload needs, each received under that tag.
 */
export async function checkedPartFiles(
  folder: string,
  upload: MultipartUpload,
  parts: readonly ReceivedPart[],
): Promise<readonly PartFile[]> {
  const count = partCountOf(upload);
  if (parts.length !== count) throw badParts(`it has ${count} parts, not ${parts.length}`);
  const files: PartFile[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.partNumber !== index + 1) throw badParts(`part ${index + 1} is not at its place in the list`);
    const path = join(folder, partFileName(part.partNumber, part.tag));
    const size = partSizeOf(upload, part.partNumber);
    const found = /^[0-9a-f]{32}$/.test(part.tag) ? await stat(path).catch(() => undefined) : undefined;
    if (found?.size !== size) throw badParts(`part ${part.partNumber} was not received with this ETag`);
    files.push({ path, size });
  }
  return files;
}

function badParts(what: string): HubError {
  return new HubError(400, "BadRequest", `This upload cannot be completed: ${what}. Start the upload again.`);
}

/** The bytes of all parts as one; each piece is valid only until the next is asked for. */
export async function* readInTurn(files: readonly PartFile[]): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(READ_SIZE);
  for (const { path } of files) {
    const file = await open(path, "r");
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length);
        if (bytesRead === 0) break;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }
}
