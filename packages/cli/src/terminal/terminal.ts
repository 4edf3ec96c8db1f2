/** What is needed of `process.stdout` and `process.stderr`. */
export interface TerminalStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type TextStyle = "bold" | "dim" | "green" | "red" | "cyan" | "yellow";

/** Data goes to `out`, everything said about it to `note`, so that pipes receive data alone. */
export interface Terminal {
  /** One line on stdout. */
  out(line: string): void;
  /** Text on stdout exactly as it is, without a line end. */
  raw(text: string): void;
  /** One value on stdout as JSON. */
  json(value: unknown): void;
  /** One line on stderr. */
  note(line: string): void;
  /** Text on stderr exactly as it is. */
  rawNote(text: string): void;
  /** Coloured when `stream` is a terminal that wants colour, unchanged otherwise. */
  style(style: TextStyle, text: string, stream?: "out" | "note"): string;
  /** Is a person watching stderr? Decides between a progress bar and plain lines. */
  readonly interactive: boolean;
  /** Width of stderr in columns. */
  readonly columns: number;
}

const CODES: Readonly<Record<TextStyle, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  cyan: [36, 39],
  yellow: [33, 39],
};

/** Honours NO_COLOR (no-color.org), FORCE_COLOR, TERM=dumb and streams that are no terminal. */
export function createTerminal(options: {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Terminal {
  const { stdout, stderr, env } = options;
  const coloured = { out: wantsColour(stdout, env), note: wantsColour(stderr, env) };
  return {
    out: (line) => void stdout.write(`${line}\n`),
    raw: (text) => void stdout.write(text),
    json: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    rawNote: (text) => void stderr.write(text),
    style: (style, text, stream = "out") => {
      const [on, off] = CODES[style];
      return coloured[stream] ? `\u001b[${on}m${text}\u001b[${off}m` : text;
    },
    interactive: stderr.isTTY === true && env.TERM !== "dumb" && (env.CI ?? "") === "",
    columns: stderr.columns ?? 80,
  };
}

function wantsColour(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>): boolean {
  if ((env.NO_COLOR ?? "") !== "") return false;
  if ((env.FORCE_COLOR ?? "0") !== "0") return true;
  return stream.isTTY === true && env.TERM !== "dumb";
}
