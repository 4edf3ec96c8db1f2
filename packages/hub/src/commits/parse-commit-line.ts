import { HubError } from "@postern/core/error/hub-error";
import { parseEntryPath } from "../git/entry-path.ts";
import { Base64Stream } from "./base64-stream.ts";
import type { CommitHeader } from "./commit-operation.ts";

/** A line of the commit request, checked (hub-wire §7.4). */
export type CommitLine =
  | { readonly key: "header"; readonly header: CommitHeader }
  /** `content` is absent only beside `oldPath`, a rename without a change; `received` when it went to a blob writer. */
  | {
      readonly key: "file";
      readonly path: string;
      readonly content: Buffer | "received" | undefined;
      readonly oldPath: string | undefined;
    }
  | {
      readonly key: "lfsFile";
      readonly path: string;
      /** SHA-256; absent only beside `oldPath`. */
      readonly oid: string | undefined;
      /** Absent when Python copies a file. */
      readonly size: number | undefined;
      readonly oldPath: string | undefined;
    }
  | { readonly key: "deletedFile" | "deletedFolder"; readonly path: string }
  | {
      readonly key: "copyFile";
      readonly path: string;
      readonly srcPath: string;
      readonly srcRevision: string | undefined;
    };

/**
 * @param hasContent - Its content was taken out of it, decoded from base64.
 * @throws {HubError} 400 naming the line.
 */
export function parseCommitLine(line: Buffer, lineNumber: number, hasContent: boolean): CommitLine {
  const { key, value } = parseEnvelope(line, lineNumber);
  const fields = new LineFields(value, `line ${lineNumber} (${key})`);
  if (hasContent && key !== "file") throw badLine(fields.where, "has content but is no file");
  switch (key) {
    case "header":
      return { key, header: parseHeader(fields) };
    case "file":
      return parseFile(fields, hasContent);
    case "lfsFile":
      return parseLfsFile(fields);
    case "deletedFile":
      return { key, path: parseEntryPath(fields.text("path")) };
    case "deletedFolder":
      // Python keeps the trailing slash of a folder.
      return { key, path: parseEntryPath(fields.text("path").replace(/\/$/, "")) };
    case "copyFile":
      return {
        key,
        path: parseEntryPath(fields.text("path")),
        srcPath: parseEntryPath(fields.text("srcPath")),
        srcRevision: fields.optionalText("srcRevision"),
      };
    default:
      throw badLine(`line ${lineNumber}`, "has a key that is not known");
  }
}

/** The fields of one line's `value`. */
class LineFields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly where: string;

  constructor(value: Readonly<Record<string, unknown>>, where: string) {
    this.#value = value;
    this.where = where;
  }

  /** `null` counts as absent. */
  optionalText(name: string): string | undefined {
    const value = this.#value[name] ?? undefined;
    if (value !== undefined && typeof value !== "string") throw badLine(this.where, `needs a string "${name}"`);
    return value;
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw badLine(this.where, `needs a string "${name}"`);
    return value;
  }

  optionalSize(name: string): number | undefined {
    const value = this.#value[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw badLine(this.where, `needs a whole number "${name}"`);
  }
}

function parseEnvelope(line: Buffer, lineNumber: number): { key: string; value: Record<string, unknown> } {
  const where = `line ${lineNumber}`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.toString("utf8"));
  } catch {
    throw badLine(where, "is not valid JSON");
  }
  if (!isRecord(parsed) || typeof parsed.key !== "string" || !isRecord(parsed.value)) {
    throw badLine(where, 'is not {"key": …, "value": {…}}');
  }
  return { key: parsed.key, value: parsed.value };
}

function parseHeader(fields: LineFields): CommitHeader {
  const summary = fields.text("summary");
  const description = fields.optionalText("description") ?? "";
  if (summary.length > 4096 || description.length > 65_536)
    throw badLine(fields.where, "has a message that is too long");
  const parentCommit = fields.optionalText("parentCommit");
  if (parentCommit !== undefined && !/^[0-9a-f]{5,40}$/.test(parentCommit)) {
    throw badLine(fields.where, "needs 5 to 40 hex digits in parentCommit");
  }
  return { summary, description, parentCommit };
}

function parseFile(fields: LineFields, hasContent: boolean): CommitLine {
  const path = parseEntryPath(fields.text("path"));
  const oldPath = parseOldPath(fields);
  const text = fields.optionalText("content");
  if (text === undefined) {
    if (oldPath === undefined) throw badLine(fields.where, 'needs a string "content"');
    return { key: "file", path, content: undefined, oldPath };
  }
  const encoding = fields.optionalText("encoding") ?? "utf-8";
  if (hasContent) {
    // A second "content" in the same line would make it two contents; which one counts must not be a matter of parsers.
    if (encoding === "base64" && text === "") return { key: "file", path, content: "received", oldPath };
    throw badLine(fields.where, "has long content that is not in base64");
  }
  if (encoding === "utf-8" || encoding === "utf8") return { key: "file", path, content: Buffer.from(text), oldPath };
  if (encoding !== "base64") throw badLine(fields.where, 'has an encoding that is neither "base64" nor "utf-8"');
  const decoder = new Base64Stream();
  const content = decoder.decode(Buffer.from(text));
  decoder.end();
  return { key: "file", path, content, oldPath };
}

function parseLfsFile(fields: LineFields): CommitLine {
  const path = parseEntryPath(fields.text("path"));
  const oldPath = parseOldPath(fields);
  const algo = fields.optionalText("algo") ?? "sha256";
  if (algo !== "sha256" && algo !== "sha_256") throw badLine(fields.where, "has an algo other than sha256");
  const oid = fields.optionalText("oid");
  if (oid === undefined && oldPath === undefined) throw badLine(fields.where, 'needs a string "oid"');
  if (oid !== undefined && !/^[0-9a-f]{64}$/.test(oid)) throw badLine(fields.where, "needs a sha256 in oid");
  return { key: "lfsFile", path, oid, size: fields.optionalSize("size"), oldPath };
}

function parseOldPath(fields: LineFields): string | undefined {
  const oldPath = fields.optionalText("oldPath");
  return oldPath === undefined ? undefined : parseEntryPath(oldPath);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function badLine(where: string, problem: string): HubError {
  return new HubError(400, "BadRequest", `Commit body, ${where}: it ${problem}.`);
}
