import type { ProvenanceKey } from "@postern/core/provenance/provenance-key";
import type { GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { FOLDER_MODE } from "../git/tree-object.ts";

/** What a bundle begins with. */
export interface BundleHead {
  /** `models/acme/train`. */
  readonly repo: string;
  readonly commit: ObjectId;
  /** DSSE envelope as JSON text; `undefined` for a commit without a statement. */
  readonly envelope: string | undefined;
  readonly keys: readonly ProvenanceKey[];
}

/** Lines are gathered to about this many characters. */
const CHUNK_LENGTH = 64 * 1024;

/**
 * All that checking a commit takes, as lines of JSON (docs/reference/provenance.md): the statement and the keys, the commit object, then
 * one line for each file, so that every tree can be rebuilt from them up to the id that the commit names; last, how many they were.
 */
export async function* bundleLines(git: GitRepository, head: BundleHead): AsyncGenerator<string> {
  const raw = await git.readRawCommit(head.commit);
  const root = (await git.readCommit(head.commit))?.tree;
  if (raw === undefined || root === undefined) throw new Error(`no commit ${head.commit}`);
  const first = {
    kind: "commit",
    repo: head.repo,
    commit: head.commit,
    object: raw.toString("base64"),
    envelope: head.envelope === undefined ? null : JSON.parse(head.envelope),
    keys: head.keys,
  };
  let chunk = `${JSON.stringify(first)}\n`;
  let files = 0;
  for await (const file of filesOf(git, root, "")) {
    chunk += `${JSON.stringify({ kind: "file", ...file })}\n`;
    files++;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = "";
  }
  yield `${chunk}${JSON.stringify({ kind: "end", files })}\n`;
}

async function* filesOf(
  git: GitRepository,
  tree: ObjectId,
  folder: string,
): AsyncGenerator<{ readonly path: string; readonly mode: string; readonly oid: ObjectId }> {
  const items = await git.readTree(tree);
  if (items === undefined) throw new Error(`no tree ${tree}`);
  for (const { name, mode, oid } of items) {
    if (mode === FOLDER_MODE) yield* filesOf(git, oid, `${folder}${name}/`);
    else yield { path: `${folder}${name}`, mode, oid };
  }
}
