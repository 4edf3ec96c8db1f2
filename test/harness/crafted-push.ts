import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

/** An object as git stores it, whatever git itself would think of it. */
export interface CraftedObject {
  readonly type: "commit" | "tree" | "blob" | "tag";
  readonly content: Buffer;
  /** 40 hex digits. */
  readonly oid: string;
}

/** What the hub said to a push. */
export interface PushVerdict {
  readonly status: number;
  /** Everything that came back, as it came. */
  readonly text: string;
  /** Whether the refs were moved as asked. */
  readonly moved: boolean;
}

const NO_OBJECT = "0".repeat(40);
const PACK_TYPES = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;

/** @returns the object with its id. */
export function craft(type: CraftedObject["type"], content: string | Buffer): CraftedObject {
  const bytes = Buffer.from(content);
  const oid = createHash("sha1").update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
  return { type, content: bytes, oid };
}

export interface CraftedEntry {
  readonly mode: string;
  readonly name: string | Buffer;
  readonly oid: string;
}

/** A tree of exactly these entries in this order. */
export function craftTree(entries: readonly CraftedEntry[]): CraftedObject {
  const parts = entries.map(({ mode, name, oid }) =>
    Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(oid, "hex")]),
  );
  return craft("tree", Buffer.concat(parts));
}

/** A commit without parents. */
export function craftCommit(tree: string, message = "crafted"): CraftedObject {
  const who = "Mallory <mallory@example.com> 1700000000 +0000";
  return craft("commit", `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${message}\n`);
}

/** One file at this path; a part between two slashes becomes the name of a folder, also when it is empty. */
export function craftPath(path: string | Buffer, content = "x\n"): readonly CraftedObject[] {
  const blob = craft("blob", content);
  const names = splitAtSlashes(Buffer.from(path));
  const objects: CraftedObject[] = [blob];
  let entry = { mode: "100644", oid: blob.oid };
  for (const name of names.toReversed()) {
    const tree = craftTree([{ ...entry, name }]);
    objects.push(tree);
    entry = { mode: "40000", oid: tree.oid };
  }
  return [...objects, craftCommit(entry.oid)];
}

function splitAtSlashes(path: Buffer): readonly Buffer[] {
  const names: Buffer[] = [];
  let start = 0;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", start)) {
    names.push(path.subarray(start, at));
    start = at + 1;
  }
  return [...names, path.subarray(start)];
}

/** A pack of whole objects (gitformat-pack). */
export function packOf(objects: readonly CraftedObject[]): Buffer {
  const unique = [...new Map(objects.map((object) => [object.oid, object])).values()];
  const head = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
  head.writeUInt32BE(unique.length, 8);
  const body = Buffer.concat([
    head,
    ...unique.flatMap(({ type, content }) => [sizeHeader(PACK_TYPES[type], content.length), deflateSync(content)]),
  ]);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function sizeHeader(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 15)];
  for (let rest = size >>> 4; rest > 0; rest >>>= 7) {
    bytes.push((bytes.pop() ?? 0) | 0x80, rest & 0x7f);
  }
  return Buffer.from(bytes);
}

/** One line of git's protocol. */
export function pktLine(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

/** Sends a push as no git would: `ref` and objects go out as they are. */
export async function pushCrafted(
  repoUrl: string,
  token: string,
  command: { readonly ref: string | Buffer; readonly old?: string; readonly to?: string },
  objects: readonly CraftedObject[],
): Promise<PushVerdict> {
  const line = Buffer.concat([
    Buffer.from(`${command.old ?? NO_OBJECT} ${command.to ?? NO_OBJECT} `),
    Buffer.from(command.ref),
    Buffer.from("\0report-status agent=crafted"),
  ]);
  const response = await fetch(`${repoUrl}/git-receive-pack`, {
    method: "POST",
    headers: { "content-type": "application/x-git-receive-pack-request", authorization: `Bearer ${token}` },
    body: Buffer.concat([pktLine(line), Buffer.from("0000"), objects.length === 0 ? Buffer.alloc(0) : packOf(objects)]),
  });
  const text = Buffer.from(await response.arrayBuffer()).toString("utf8");
  return { status: response.status, text, moved: response.status === 200 && /(?:^|\n|[0-9a-f]{4})ok /.test(text) };
}
