/**
 * Keeps what matches one of `include` (everything, when there is none) and none of `exclude`.
 *
 * Patterns are those of `hf`, Python's `fnmatch`: `*` and `?` also match `/`, `[…]` is a set, and a folder named with a
 * trailing `/` stands for everything in it.
 */
export function pathFilter(
  include: readonly string[] | undefined,
  exclude: readonly string[] | undefined,
): (path: string) => boolean {
  const wanted = (include ?? []).map(toRegExp);
  const unwanted = (exclude ?? []).map(toRegExp);
  return (path) =>
    (wanted.length === 0 || wanted.some((pattern) => pattern.test(path))) &&
    !unwanted.some((pattern) => pattern.test(path));
}

function toRegExp(pattern: string): RegExp {
  const whole = pattern.endsWith("/") ? `${pattern}*` : pattern;
  const source = whole.replace(/\*+|\?|\[(!?)(\]?[^\]]*)\]|[\\^$.|+(){}[\]]/g, (found, negated, members) => {
    if (found.startsWith("*")) return ".*";
    if (found === "?") return ".";
    if (members === undefined) return `\\${found}`;
    return `[${negated === "!" ? "^" : ""}${String(members).replace(/[\\\]^[]/g, "\\$&")}]`;
  });
  return new RegExp(`^${source}$`, "s");
}
