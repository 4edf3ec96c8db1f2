import { compileWildmatch } from "./wildmatch.ts";

/** The attributes that make git-lfs handle a path. */
const LFS_ATTRIBUTES = "filter=lfs diff=lfs merge=lfs -text";

const BINARY_PATTERNS: readonly string[] = [
  ..."7z arrow avro bin bz2 ckpt ftz gguf gz h5 joblib mlmodel model msgpack npy npz onnx ot parquet pb pickle".split(
    " ",
  ),
  ..."pkl pt pth rar safetensors tar tflite tgz wasm xz zip zst".split(" "),
].map((extension) => `*.${extension}`);

/** The `.gitattributes` that a new repo is born with: common binary formats are LFS files. */
export const INITIAL_GIT_ATTRIBUTES: string = [...BINARY_PATTERNS, "saved_model/**/*", "*tfevents*"]
  .map((pattern) => `${pattern} ${LFS_ATTRIBUTES}\n`)
  .join("");

/** Longest `.gitattributes` that is looked at, in bytes. */
export const MAX_ATTRIBUTES_BYTES: number = 256 * 1024;

const MAX_PATTERN_LENGTH = 1024;
const MAX_RULES = 5000;

interface AttributeRule {
  readonly matches: (path: string) => boolean;
  readonly lfs: boolean;
}

/** Which paths are LFS files according to the `.gitattributes` at the root of a repo. */
export class LfsAttributes {
  readonly #rules: readonly AttributeRule[];

  private constructor(rules: readonly AttributeRule[]) {
    this.#rules = rules;
  }

  static parse(text: string): LfsAttributes {
    return new LfsAttributes(text.split("\n", MAX_RULES).flatMap((line) => parseRule(line) ?? []));
  }

  /** `undefined` when no rule speaks of this path's filter. The last rule wins. */
  isLfs(path: string): boolean | undefined {
    return this.#rules.findLast((rule) => rule.matches(path))?.lfs;
  }
}

/** `text` with a rule for each path that none makes an LFS file yet; without one a clone would see raw pointers. */
export function withLfsRules(text: string, paths: readonly string[]): string {
  const attributes = LfsAttributes.parse(text);
  const missing = paths.filter((path) => attributes.isLfs(path) !== true);
  if (missing.length === 0) return text;
  const start = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return start + missing.map((path) => `${patternOf(path)} ${LFS_ATTRIBUTES}\n`).join("");
}

/** A pattern for exactly this path, spelled as `git lfs track` does. */
function patternOf(path: string): string {
  const escaped = path.replaceAll(/[\\*?[]/g, "\\$&").replaceAll(" ", "[[:space:]]");
  return /^[#!"]/.test(escaped) ? `/${escaped}` : escaped;
}

function parseRule(line: string): AttributeRule | undefined {
  const match = /^[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s"#!][^\s]*))[ \t]+(.*)$/.exec(line);
  const pattern = match?.[1]?.replaceAll(/\\(.)/g, "$1") ?? match?.[2];
  if (pattern === undefined) return undefined;
  const lfs = filterOf(match?.[3] ?? "");
  if (lfs === undefined) return undefined;
  if (pattern.length > MAX_PATTERN_LENGTH) return undefined;
  const shape = compileWildmatch(pattern.replace(/^\//, ""));
  // As in .gitignore: a pattern without a slash is compared with the last part of the path.
  const matches = pattern.includes("/")
    ? (path: string) => shape(path)
    : (path: string) => shape(path.slice(path.lastIndexOf("/") + 1));
  return { matches, lfs };
}

function filterOf(attributes: string): boolean | undefined {
  let lfs: boolean | undefined;
  for (const attribute of attributes.trim().split(/\s+/)) {
    if (attribute === "filter=lfs") lfs = true;
    else if (/^(?:[-!]filter|filter=.*)$/.test(attribute)) lfs = false;
  }
  return lfs;
}
