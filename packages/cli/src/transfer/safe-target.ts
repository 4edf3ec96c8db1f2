import { resolve, sep } from "node:path";
import { CliError } from "../failure/cli-error.ts";

/**
 * Where a repo's file goes below `folder`.
 *
 * The path comes from a server: `../../.ssh/authorized_keys`, an absolute path or a hook in `.git` must never be written
 * (test: `refuses a listing that leads out of the folder`).
 *
 * @throws {CliError} for any such path; nothing is downloaded then.
 */
export function safeTarget(folder: string, path: string): string {
  const parts = path.split("/");
  const plain = parts.every(
    (part) =>
      part !== "" &&
      part !== "." &&
      part !== ".." &&
      part.toLowerCase() !== ".git" &&
      !part.includes("\\") &&
      !part.includes("\0"),
  );
  const target = resolve(folder, ...parts);
  if (!plain || !target.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
    throw new CliError(`The repo holds a path that leads out of the folder: ${JSON.stringify(path)}.`, {
      next: "Do not trust this repo; nothing was written.",
    });
  }
  return target;
}
