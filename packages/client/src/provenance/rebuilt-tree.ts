import { gitObjectId } from "./git-object-id.ts";
import type { CommittedFile } from "./provenance-bundle.ts";

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, CommittedFile>;
}

const encoder = new TextEncoder();

/**
 * The id of the root tree that holds exactly these files: equal to the one that a commit names only if nothing was added, left out,
 * renamed or changed.
 *
 * @throws {Error} when two files, or a file and a folder, have one name.
 */
export async function rebuiltTreeId(files: readonly CommittedFile[]): Promise<string> {
  const root: Folder = { folders: new Map(), files: new Map() };
  for (const file of files) {
    const names = file.path.split("/");
    const name = names.pop() ?? "";
    let folder = root;
    for (const part of names) {
      let next = folder.folders.get(part);
      if (next === undefined) {
        next = { folders: new Map(), files: new Map() };
        folder.folders.set(part, next);
      }
      folder = next;
    }
    if (name === "" || folder.files.has(name)) throw new Error(`The file ${file.path} stands twice.`);
    folder.files.set(name, file);
  }
  return await treeIdOf(root);
}

async function treeIdOf(folder: Folder): Promise<string> {
  const items: { readonly name: Uint8Array; readonly sortKey: Uint8Array; readonly mode: string; oid: string }[] = [];
  for (const [name, { mode, oid }] of folder.files) {
    if (folder.folders.has(name)) throw new Error(`${name} is a file and a folder.`);
    const octets = encoder.encode(name);
    items.push({ name: octets, sortKey: octets, mode, oid });
  }
  for (const [name, child] of folder.folders) {
    // Git sorts folders as if their names ended in a slash.
    const sortKey = encoder.encode(`${name}/`);
    items.push({ name: encoder.encode(name), sortKey, mode: "40000", oid: await treeIdOf(child) });
  }
  items.sort((a, b) => compareOctets(a.sortKey, b.sortKey));
  const parts = items.map(({ name, mode, oid }) => {
    const head = encoder.encode(`${mode} `);
    const part = new Uint8Array(head.length + name.length + 21);
    part.set(head);
    part.set(name, head.length);
    for (let at = 0; at < 20; at++) part[part.length - 20 + at] = Number.parseInt(oid.slice(2 * at, 2 * at + 2), 16);
    return part;
  });
  const content = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    content.set(part, at);
    at += part.length;
  }
  return await gitObjectId("tree", content);
}

function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
