/** One step of a compiled pattern. */
type Step =
  | { readonly kind: "one"; readonly accepts: (character: string) => boolean }
  /** `*`: any run without a slash. */
  | { readonly kind: "run" }
  /** `**` + slash: no folder, or any number of them. */
  | { readonly kind: "folders" }
  /** Slash + `**` at the end: everything below. */
  | { readonly kind: "below" };

const CLASSES: Readonly<Record<string, RegExp>> = {
  space: /\s/,
  digit: /[0-9]/,
  alpha: /[A-Za-z]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  punct: /[!-/:-@[-`{-~]/,
};

/**
 * Git's wildmatch, as .gitattributes and .gitignore use it.
 *
 * All readings are followed side by side, so time is pattern length times path length: a pattern comes from whoever may write to
 * a repo, and a backtracking matcher would let them stop the server.
 */
export function compileWildmatch(pattern: string): (path: string) => boolean {
  return compilePlain(pattern) ?? compileSteps(pattern);
}

/** The shapes that nearly all patterns have, without stepping through characters: `name`, `*.bin`, `*part*`. */
function compilePlain(pattern: string): ((path: string) => boolean) | undefined {
  const [, start, text, end] = /^(\*?)([^*?\\[]*)(\*?)$/.exec(pattern) ?? [];
  if (text === undefined) return undefined;
  if (start === "" && end === "") return (path) => path === text;
  if (start === "" || text.includes("/")) return undefined;
  if (end === "") return (path) => path.endsWith(text) && !path.includes("/");
  return (path) => path.includes(text) && !path.includes("/");
}

function compileSteps(pattern: string): (path: string) => boolean {
  const steps = parseSteps(bytesOf(pattern));
  return (path) => {
    // Twice a step's index: before it. One more: inside its loop.
    let states = closure(steps, [0]);
    for (const character of bytesOf(path)) {
      const next: number[] = [];
      for (const state of states) next.push(...after(steps, state, character));
      states = closure(steps, next);
      if (states.size === 0) return false;
    }
    return states.has(steps.length * 2);
  };
}

/** One character per byte of UTF-8: git's `?` takes one byte. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Adds what is reached without consuming a character. */
function closure(steps: readonly Step[], from: readonly number[]): ReadonlySet<number> {
  const states = new Set(from);
  for (const state of states) {
    const kind = state % 2 === 0 ? steps[state / 2]?.kind : undefined;
    if (kind === "run") states.add(state + 2);
    if (kind === "folders") states.add(state + 1).add(state + 2);
  }
  return states;
}

function after(steps: readonly Step[], state: number, character: string): readonly number[] {
  const index = Math.floor(state / 2);
  const step = steps[index];
  const next = index * 2 + 2;
  const inside = state % 2 === 1;
  switch (step?.kind) {
    case "one":
      return step.accepts(character) ? [next] : [];
    case "run":
      return character === "/" ? [] : [state];
    case "folders":
      if (!inside) return [];
      return character === "/" ? [state, next] : [state];
    case "below":
      return inside ? [state, next] : character === "/" ? [state + 1] : [];
    case undefined:
      return [];
  }
}

function parseSteps(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const token =
      /^(?:\*\*\/|\/\*\*$|\*+|\\[\s\S]|\[[!^]?\]?(?:\[:[a-z]+:\]|\\[\s\S]|[^\]\\])*\])/u.exec(rest)?.[0] ??
      String.fromCodePoint(rest.codePointAt(0) ?? 0);
    at += token.length;
    steps.push(toStep(token));
  }
  return steps;
}

function toStep(token: string): Step {
  if (token === "**/") return { kind: "folders" };
  if (token === "/**") return { kind: "below" };
  if (token.startsWith("*")) return { kind: "run" };
  if (token === "?") return { kind: "one", accepts: (character) => character !== "/" };
  if (token.startsWith("[") && token.length > 1) return { kind: "one", accepts: bracket(token.slice(1, -1)) };
  const wanted = token.startsWith("\\") ? token.slice(1) : token;
  return { kind: "one", accepts: (character) => character === wanted };
}

function bracket(body: string): (character: string) => boolean {
  const negated = /^[!^]/.test(body);
  const parts: ((character: string) => boolean)[] = [];
  const items = (negated ? body.slice(1) : body).matchAll(/\[:([a-z]+):\]|(\\?[\s\S])-(\\?[^\]])|\\?([\s\S])/gu);
  for (const [, name, low, high, single] of items) {
    const shape = name === undefined ? undefined : CLASSES[name];
    if (shape !== undefined) parts.push((character) => shape.test(character));
    else if (low !== undefined && high !== undefined) {
      const [first, last] = [low.replace(/^\\/, ""), high.replace(/^\\/, "")];
      parts.push((character) => character >= first && character <= last);
    } else if (single !== undefined) parts.push((character) => character === single);
  }
  return (character) => character !== "/" && parts.some((accepts) => accepts(character)) !== negated;
}
