import { compileWildmatch } from "./wildmatch.ts";

const MAX_RULES = 1000;
const MAX_PATTERN_LENGTH = 1024;

interface IgnoreRule {
  readonly matches: (path: string) => boolean;
  readonly foldersOnly: boolean;
  /** False for a rule that begins with `!`. */
  readonly ignores: boolean;
}

/** Which paths one `.gitignore` at the root leaves out. */
export class GitIgnore {
  readonly #rules: readonly IgnoreRule[];

  private constructor(rules: readonly IgnoreRule[]) {
    this.#rules = rules;
  }

  static parse(text: string): GitIgnore {
    return new GitIgnore(
      text
        .split(/\r?\n/)
        .slice(0, MAX_RULES)
        .flatMap((line) => parseRule(line) ?? []),
    );
  }

  /** A file in an ignored folder cannot be taken back in by a later rule, as in git. */
  ignores(path: string): boolean {
    if (this.#rules.length === 0) return false;
    const parts = path.split("/");
    for (let depth = 1; depth <= parts.length; depth++) {
      const isFolder = depth < parts.length;
      const prefix = parts.slice(0, depth).join("/");
      const rule = this.#rules.findLast(
        (candidate) => (isFolder || !candidate.foldersOnly) && candidate.matches(prefix),
      );
      if (rule?.ignores) return true;
    }
    return false;
  }
}

function parseRule(line: string): IgnoreRule | undefined {
  const text = line.replace(/(?<!\\) +$/, "");
  if (text === "" || text.startsWith("#") || text.length > MAX_PATTERN_LENGTH) return undefined;
  const ignores = !text.startsWith("!");
  const pattern = ignores ? text : text.slice(1);
  const foldersOnly = pattern.endsWith("/");
  const shape = foldersOnly ? pattern.slice(0, -1) : pattern;
  const matches = compileWildmatch(shape.replace(/^\//, ""));
  // A slash at the beginning or in the middle ties the pattern to the root; otherwise it is compared with the last part.
  if (shape.includes("/")) return { matches, foldersOnly, ignores };
  return { matches: (path) => matches(path.slice(path.lastIndexOf("/") + 1)), foldersOnly, ignores };
}
