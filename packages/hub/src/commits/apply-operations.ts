import { HubError } from "@postern/core/error/hub-error";
import type { GitRepository, StagedObjects } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";
import { refuseLongAttributes, refuseLongLines } from "./check-attributes.ts";
import type { CommitOperation } from "./commit-operation.ts";
import { EditedTree } from "./edited-tree.ts";
import { MAX_ATTRIBUTES_BYTES, withLfsRules } from "./git-attributes.ts";
import type { ReceivedCommit } from "./receive-commit.ts";

interface PlacedFile {
  readonly path: string;
  readonly mode: string | undefined;
  readonly oid: ObjectId;
}

/** The tree that a commit on top of `parent` has. Deletions first, so that deleting and adding one path leaves the file there. */
export async function applyOperations(
  git: GitRepository,
  staged: StagedObjects,
  parent: ObjectId | undefined,
  received: Pick<ReceivedCommit, "operations" | "lfsPaths">,
): Promise<ObjectId> {
  const base = parent === undefined ? undefined : (await git.readCommit(parent))?.tree;
  const tree = new EditedTree(async (oid) => {
    const items = await git.readTree(oid);
    if (items === undefined) throw new Error(`no tree ${oid}`);
    return items;
  }, base);
  // Where files are moved and copied from is looked up before anything changes.
  const placed: PlacedFile[] = [];
  for (const operation of received.operations) {
    const file = await placedFile(git, parent, tree, operation);
    if (file !== undefined) placed.push(file);
  }
  await refuseLongAttributes(git, staged, placed);
  for (const operation of received.operations) {
    if (operation.kind === "delete-file") await tree.deleteFile(operation.path);
    else if (operation.kind === "delete-folder") await tree.deleteFolder(operation.path);
    else if (operation.kind === "move") await tree.deleteFile(operation.from);
  }
  for (const { path, oid, mode } of placed) await tree.put(path, oid, mode);
  await addLfsRules(git, staged, tree, received);
  return await tree.write(staged);
}

async function placedFile(
  git: GitRepository,
  parent: ObjectId | undefined,
  tree: EditedTree,
  operation: CommitOperation,
): Promise<PlacedFile | undefined> {
  switch (operation.kind) {
    case "delete-file":
    case "delete-folder":
      return undefined;
    case "put":
      return { path: operation.path, mode: undefined, oid: operation.oid };
    case "move": {
      const source = await tree.file(operation.from);
      if (source === undefined) throw sourceNotFound(operation.from);
      return { path: operation.path, mode: source.mode, oid: operation.oid ?? source.oid };
    }
    case "copy": {
      const commit = operation.revision === undefined ? parent : await git.resolveRevision(operation.revision);
      if (commit === undefined) throw revisionNotFound(operation.revision ?? "");
      const source = await git.entryAt(commit, operation.from);
      if (source?.type !== "file") throw sourceNotFound(operation.from);
      return { path: operation.path, mode: source.mode, oid: source.oid };
    }
  }
}

async function addLfsRules(
  git: GitRepository,
  staged: StagedObjects,
  tree: EditedTree,
  { operations, lfsPaths }: Pick<ReceivedCommit, "operations" | "lfsPaths">,
): Promise<void> {
  if (lfsPaths.length === 0) return;
  // A caller that writes the file in the same commit has decided about it; it is not in the repo yet, so it cannot be read here.
  if (operations.some((operation) => "path" in operation && operation.path === ".gitattributes")) return;
  const present = await tree.file(".gitattributes");
  const content = present === undefined ? Buffer.alloc(0) : await git.readBlob(present.oid, MAX_ATTRIBUTES_BYTES);
  if (content === undefined) return;
  const text = content.toString("utf8");
  const wanted = withLfsRules(text, lfsPaths);
  if (wanted === text) return;
  const rules = Buffer.from(wanted);
  // The rule of a path is longer than the path.
  refuseLongLines(".gitattributes", rules);
  await tree.put(".gitattributes", await staged.writeBlob(rules));
}

function sourceNotFound(path: string): HubError {
  const shown = path.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
  return new HubError(404, "EntryNotFound", `A file with this name doesn't exist: ${shown}`);
}
