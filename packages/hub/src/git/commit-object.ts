import type { Commit } from "./git-repository.ts";
import { type ObjectId, parseObjectId } from "./object-id.ts";

/** Who made a commit; characters that would break the header are taken out when it is written. */
export interface CommitAuthor {
  readonly name: string;
  readonly email: string;
}

export interface NewCommit {
  readonly tree: ObjectId;
  readonly parent: ObjectId | undefined;
  /** Of a merge: the side that came in. */
  readonly secondParent?: ObjectId;
  readonly author: CommitAuthor;
  /** Whole seconds since 1970; written with offset `+0000`. */
  readonly at: number;
  readonly message: string;
}

/** The content of a commit object. */
export function formatCommit({ tree, parent, secondParent, author, at, message }: NewCommit): Buffer {
  const signature = `${identText(author.name) || "unknown"} <${identText(author.email)}> ${at} +0000`;
  const lines = [`tree ${tree}`];
  if (parent !== undefined) lines.push(`parent ${parent}`);
  if (secondParent !== undefined) lines.push(`parent ${secondParent}`);
  lines.push(`author ${signature}`, `committer ${signature}`, "", message.endsWith("\n") ? message : `${message}\n`);
  return Buffer.from(lines.join("\n"));
}

/** Reads the content of a commit object. @returns `undefined` when it has no tree. */
export function parseCommit(id: ObjectId, content: Buffer): Commit | undefined {
  const text = content.toString("utf8");
  const end = text.indexOf("\n\n");
  const header = (end < 0 ? text : text.slice(0, end)).split("\n");
  const message = end < 0 ? "" : text.slice(end + 2);
  const tree = parseObjectId(headerValue(header, "tree") ?? "");
  if (tree === undefined) return undefined;
  const parents: ObjectId[] = [];
  // As git reads them: right behind the tree. A line further down is some header that is called so.
  for (const line of header.slice(1)) {
    const parent = line.startsWith("parent ") ? parseObjectId(line.slice(7)) : undefined;
    if (parent === undefined) break;
    parents.push(parent);
  }
  const author = identOf(headerValue(header, "author") ?? "");
  const committer = identOf(headerValue(header, "committer") ?? "");
  const [title = "", ...rest] = message.split("\n");
  return {
    id,
    tree,
    parents,
    authorName: author.name,
    authorEmail: author.email,
    committedAt: committer.at,
    title,
    body: rest.join("\n").trim(),
  };
}

function headerValue(header: readonly string[], name: string): string | undefined {
  return header.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
}

function identOf(line: string): { name: string; email: string; at: number } {
  const match = /^(.*?) ?<([^>]*)> (\d{1,12})/.exec(line);
  return { name: match?.[1] ?? "", email: match?.[2] ?? "", at: Number(match?.[3] ?? 0) };
}

/** Angle brackets, line breaks and NUL would let a name forge other header lines. */
function identText(text: string): string {
  return text
    .replaceAll(/[<>\p{Cc}\p{Cf}\u2028\u2029]/gu, " ")
    .replaceAll(/ {2,}/g, " ")
    .trim();
}

/** The content of an annotated tag object. */
export function formatTag(
  commit: ObjectId,
  name: string,
  { author, at, message }: Pick<NewCommit, "author" | "at" | "message">,
): Buffer {
  const signature = `${identText(author.name) || "unknown"} <${identText(author.email)}> ${at} +0000`;
  const text = message.replaceAll("\0", "").trim();
  return Buffer.from(`object ${commit}\ntype commit\ntag ${name}\ntagger ${signature}\n\n${text}\n`);
}
