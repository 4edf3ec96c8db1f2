import { open } from "node:fs/promises";

/** Waits until the file's content is on the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a directory are on the disk: without it, a power cut can undo a rename. */
export async function syncDirectory(path: string): Promise<void> {
  await syncFile(path);
}
