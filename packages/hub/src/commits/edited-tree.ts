import { HubError } from "@postern/core/error/hub-error";
import type { StagedObjects } from "../git/git-repository.ts";
import type { ReadTree } from "../git/list-tree.ts";
import type { ObjectId } from "../git/object-id.ts";
import { EXECUTABLE_MODE, FILE_MODE, FOLDER_MODE, formatTree, type TreeItem } from "../git/tree-object.ts";

interface Leaf {
  readonly kind: "leaf";
  readonly mode: string;
  readonly oid: ObjectId;
}

interface Folder {
  readonly kind: "folder";
  /** The stored tree, until something in it changes. */
  oid: ObjectId | undefined;
  /** Read on first use. */
  children: Map<string, Leaf | Folder> | undefined;
}

/** A tree with changes on top; only the folders that a change touches are ever read or written. */
export class EditedTree {
  readonly #readTree: ReadTree;
  readonly #root: Folder;

  constructor(readTree: ReadTree, base: ObjectId | undefined) {
    this.#readTree = readTree;
    this.#root = { kind: "folder", oid: base, children: base === undefined ? new Map() : undefined };
  }

  /** The file at `path`, if there is one. */
  async file(path: string): Promise<{ readonly mode: string; readonly oid: ObjectId } | undefined> {
    const { folders, name } = await this.#descend(path, "stop");
    const found = await this.#child(folders.at(-1), name);
    return found?.kind === "leaf" ? found : undefined;
  }

  /** @throws {HubError} 404 `EntryNotFound`. */
  async deleteFile(path: string): Promise<void> {
    await this.#delete(path, "leaf");
  }

  /** @throws {HubError} 404 `EntryNotFound`. */
  async deleteFolder(path: string): Promise<void> {
    await this.#delete(path, "folder");
  }

  /** @throws {HubError} 400 when a folder is in the way, or a file where a folder has to be: nothing is replaced unasked. */
  async put(path: string, oid: ObjectId, mode: string = FILE_MODE): Promise<void> {
    const { folders, name } = await this.#descend(path, "create");
    const folder = folders.at(-1);
    const children = folder === undefined ? undefined : await this.#childrenOf(folder);
    if (children === undefined) throw inTheWay(path);
    const present = children.get(name);
    if (present?.kind === "folder" && !(await this.#isEmpty(present))) throw inTheWay(path);
    // New content keeps the executable bit, as it would with `git add`.
    const kept =
      mode === FILE_MODE && present?.kind === "leaf" && present.mode === EXECUTABLE_MODE ? EXECUTABLE_MODE : mode;
    children.set(name, { kind: "leaf", mode: kept, oid });
    for (const changed of folders) changed.oid = undefined;
  }

  /** Writes what changed; folders without a file disappear. @returns the root tree. */
  async write(staged: StagedObjects): Promise<ObjectId> {
    return (await this.#write(this.#root, staged)) ?? (await staged.writeTree(formatTree([])));
  }

  async #write(folder: Folder, staged: StagedObjects): Promise<ObjectId | undefined> {
    if (folder.oid !== undefined) return folder.oid;
    const items: TreeItem[] = [];
    for (const [name, child] of folder.children ?? []) {
      if (child.kind === "leaf") {
        items.push({ name, mode: child.mode, oid: child.oid });
        continue;
      }
      const oid = await this.#write(child, staged);
      if (oid !== undefined) items.push({ name, mode: FOLDER_MODE, oid });
    }
    return items.length === 0 ? undefined : await staged.writeTree(formatTree(items));
  }

  async #delete(path: string, kind: "leaf" | "folder"): Promise<void> {
    const { folders, name } = await this.#descend(path, "stop");
    const found = await this.#child(folders.at(-1), name);
    if (found?.kind !== kind) {
      const shown = path.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
      const word = kind === "leaf" ? "file" : "folder";
      // Python looks for these words to add a hint about trailing slashes.
      throw new HubError(404, "EntryNotFound", `A ${word} with this name doesn't exist: ${shown}`);
    }
    folders.at(-1)?.children?.delete(name);
    for (const changed of folders) changed.oid = undefined;
  }

  /** The folders from the root down to the one that holds the last part of `path`; none when one is missing and `missing` is `stop`. */
  async #descend(path: string, missing: "stop" | "create"): Promise<{ folders: readonly Folder[]; name: string }> {
    const names = path.split("/");
    const name = names.pop() ?? "";
    const folders: Folder[] = [this.#root];
    let current = this.#root;
    for (const part of names) {
      const children = await this.#childrenOf(current);
      let next = children.get(part);
      if (next === undefined && missing === "create") {
        next = { kind: "folder", oid: undefined, children: new Map() };
        children.set(part, next);
      }
      if (next?.kind !== "folder") {
        if (missing === "create") throw inTheWay(path);
        return { folders: [], name };
      }
      folders.push(next);
      current = next;
    }
    return { folders, name };
  }

  async #child(folder: Folder | undefined, name: string): Promise<Leaf | Folder | undefined> {
    return folder === undefined ? undefined : (await this.#childrenOf(folder)).get(name);
  }

  async #childrenOf(folder: Folder): Promise<Map<string, Leaf | Folder>> {
    if (folder.children === undefined) {
      const items = folder.oid === undefined ? [] : await this.#readTree(folder.oid);
      folder.children = new Map(
        items.map(({ name, mode, oid }) => [
          name,
          mode === FOLDER_MODE ? { kind: "folder", oid, children: undefined } : { kind: "leaf", mode, oid },
        ]),
      );
    }
    return folder.children;
  }

  async #isEmpty(folder: Folder): Promise<boolean> {
    for (const child of (await this.#childrenOf(folder)).values()) {
      if (child.kind === "leaf" || !(await this.#isEmpty(child))) return false;
    }
    return true;
  }
}

function inTheWay(path: string): HubError {
  const shown = path.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
  return new HubError(
    400,
    "BadRequest",
    `"${shown}" cannot be written: a folder and a file would have the same name. Delete the one that is there in the same commit.`,
  );
}
