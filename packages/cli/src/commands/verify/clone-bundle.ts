import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CliError } from "../../failure/cli-error.ts";

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

/** The bundle of the commit that a clone has checked out, from its own objects and its notes below `refs/notes/provenance`. */
export async function bundleOfClone(folder: string, keys: unknown): Promise<string> {
  const git = async (...args: readonly string[]): Promise<Buffer> => {
    const { stdout } = await run("git", ["-C", folder, ...args], { encoding: "buffer", maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  };
  const commit = (await git("rev-parse", "--verify", "HEAD^{commit}").catch(notAClone)).toString().trim();
  const object = await git("cat-file", "commit", commit);
  const listing = (await git("ls-tree", "-r", "-z", "--full-tree", commit)).toString("utf8");
  const note = await git("notes", "--ref=provenance", "show", commit).catch(() => undefined);
  const files = listing
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const tab = line.indexOf("\t");
      const [mode = "", , oid = ""] = line.slice(0, tab).split(" ");
      return { kind: "file", path: line.slice(tab + 1), mode, oid };
    });
  const head = {
    kind: "commit",
    repo: "",
    commit,
    object: object.toString("base64"),
    envelope: note === undefined ? null : parseNote(note.toString("utf8")),
    keys,
  };
  return [head, ...files, { kind: "end", files: files.length }].map((line) => JSON.stringify(line)).join("\n");
}

function notAClone(): never {
  throw new CliError("There is no git clone with a commit in this folder.", {
    next: "Name a repo, postern verify NAMESPACE/NAME@REVISION, or the folder of a clone with --dir.",
  });
}

function parseNote(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No envelope of ours: judged as one that nobody signed.
    return { payloadType: "", payload: "", signatures: [] };
  }
}
