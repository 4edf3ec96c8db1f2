const MASK = "::add-mask::";

/** What the runner of a CI provider does to a log: takes the mask commands out, and hides what they name from then on. */
export interface LineMasker {
  /** Takes text as it comes and returns what may be shown: whole lines only. */
  push(text: string): string;
  /** The last line, when it had no end. */
  finish(): string;
}

/** @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions "Masking a value in a log" */
export function lineMasker(): LineMasker {
  const hidden = new Set<string>();
  let rest = "";
  const show = (line: string): string => {
    if (line.startsWith(MASK)) {
      const value = line.slice(MASK.length).trim();
      if (value !== "") hidden.add(value);
      return "";
    }
    let shown = line;
    for (const value of hidden) shown = shown.replaceAll(value, "***");
    return shown;
  };
  return {
    push: (text) => {
      const lines = (rest + text).split(/(?<=\n)/);
      rest = lines.at(-1)?.endsWith("\n") === true ? "" : (lines.pop() ?? "");
      return lines.map(show).join("");
    },
    finish: () => {
      const last = show(rest);
      rest = "";
      return last;
    },
  };
}
