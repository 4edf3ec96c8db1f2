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
  const wanted = (include ?? []).map(toGlob);
  const unwanted = (exclude ?? []).map(toGlob);
  return (path) =>
    (wanted.length === 0 || wanted.some((pattern) => matches(pattern, path))) &&
    !unwanted.some((pattern) => matches(pattern, path));
}

/** One step of a pattern: any run of characters, or one character that passes the test. */
type Step = "any" | ((character: string) => boolean);

function toGlob(pattern: string): readonly Step[] {
  const whole = pattern.endsWith("/") ? `${pattern}*` : pattern;
  const steps: Step[] = [];
  for (const [found, negated, members] of whole.matchAll(/\*+|\[(!?)(\]?[^\]]*)\]|[\s\S]/gu)) {
    if (found.startsWith("*")) steps.push("any");
    else if (found === "?") steps.push(() => true);
    else if (members === undefined) steps.push((character) => character === found);
    else {
      const set = new RegExp(`^[${negated === "!" ? "^" : ""}${members.replace(/[\\\]^[]/g, "\\$&")}]$`, "su");
      steps.push((character) => set.test(character));
    }
  }
  return steps;
}

/** Goes back to the last `*` only, so that a hostile pattern costs pattern times path, never more. */
function matches(steps: readonly Step[], path: string): boolean {
  const characters = [...path];
  let [at, step, lastAny, resumeAt] = [0, 0, -1, 0];
  while (at < characters.length) {
    const current = steps[step];
    const character = characters[at] ?? "";
    if (current === "any") {
      lastAny = step;
      resumeAt = at;
      step += 1;
    } else if (current?.(character) === true) {
      at += 1;
      step += 1;
    } else if (lastAny >= 0) {
      resumeAt += 1;
      at = resumeAt;
      step = lastAny + 1;
    } else {
      return false;
    }
  }
  return steps.slice(step).every((rest) => rest === "any");
}
