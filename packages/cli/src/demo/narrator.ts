import { formatDuration } from "../terminal/byte-size.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Tells what really happened: a step is ticked after it is done, with the time it took. */
export interface Narrator {
  title(text: string): void;
  /** @param work - Returns what to say once it is done, and its result. */
  step<Result>(work: () => Promise<Told<Result>>): Promise<Result>;
  /** A fact that belongs to the step before. */
  fact(text: string): void;
  plain(text: string): void;
}

export interface Told<Result> {
  readonly say: string;
  readonly result: Result;
  readonly facts?: readonly string[];
}

export function createNarrator(terminal: Terminal, now: () => number): Narrator {
  let number = 0;
  const fact = (text: string): void => terminal.out(terminal.style("dim", `      ${text}`));
  return {
    title: (text) => terminal.out(`\n${terminal.style("bold", text)}\n`),
    step: async (work) => {
      const startedAt = now();
      number += 1;
      const { say, result, facts } = await work();
      const took = terminal.style("dim", formatDuration(now() - startedAt));
      terminal.out(`${terminal.style("green", "✓")} ${String(number).padStart(2)}  ${say}  ${took}`);
      for (const text of facts ?? []) fact(text);
      return result;
    },
    fact,
    plain: (text) => terminal.out(text),
  };
}
