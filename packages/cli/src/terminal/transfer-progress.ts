import { formatByteSize } from "./byte-size.ts";
import type { Terminal } from "./terminal.ts";

/** What is shown while bytes move. Everything goes to stderr. */
export interface TransferProgress {
  /** What is happening now: `hashing`, `uploading`. */
  phase(words: string): void;
  /** @param bytes - Moved since the last call. */
  advance(bytes: number): void;
  /** One file is complete. */
  file(path: string, bytes: number): void;
  /** Clears the bar; later calls show nothing. */
  stop(): void;
}

export interface ProgressOptions {
  readonly terminal: Terminal;
  /** With `--json` and `--quiet` nothing is shown. */
  readonly silent: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  /** `uploaded` or `downloaded`. */
  readonly done: string;
  readonly totalBytes: number;
  readonly totalFiles: number;
}

/** A bar for a person who is watching, a line per file in a log, nothing when silent. */
export function transferProgress(options: ProgressOptions): TransferProgress {
  if (options.silent) return { phase: () => {}, advance: () => {}, file: () => {}, stop: () => {} };
  const barsOff = /^(?:1|on|yes|true)$/i.test(options.env.HF_HUB_DISABLE_PROGRESS_BARS ?? "");
  return options.terminal.interactive && !barsOff ? bar(options) : lines(options);
}

function lines({ terminal, done }: ProgressOptions): TransferProgress {
  return {
    phase: () => {},
    advance: () => {},
    file: (path, bytes) => terminal.note(`${done} ${path} (${formatByteSize(bytes)})`),
    stop: () => {},
  };
}

/** Between two paintings, in milliseconds: fast enough for the eye, slow enough for a slow terminal. */
const PAINT_EVERY = 80;

function bar({ terminal, now, totalBytes, totalFiles }: ProgressOptions): TransferProgress {
  const startedAt = now();
  let [moved, files, words, paintedAt, stopped] = [0, 0, "preparing", Number.NEGATIVE_INFINITY, false];
  const paint = (force: boolean): void => {
    if (stopped || (!force && now() - paintedAt < PAINT_EVERY)) return;
    paintedAt = now();
    const share = totalBytes === 0 ? files / Math.max(totalFiles, 1) : Math.min(moved / totalBytes, 1);
    const perSecond = moved / Math.max((paintedAt - startedAt) / 1000, 0.001);
    const numbers = `${String(Math.floor(share * 100)).padStart(3)}%  ${formatByteSize(moved)} of ${formatByteSize(totalBytes)}  ${files}/${totalFiles} files  ${formatByteSize(Math.round(perSecond))}/s`;
    const width = Math.max(Math.min(30, terminal.columns - numbers.length - words.length - 4), 0);
    const full = Math.round(share * width);
    const drawn =
      terminal.style("green", "━".repeat(full), "note") + terminal.style("dim", "━".repeat(width - full), "note");
    terminal.rawNote(`\r\u001b[2K${words} ${drawn} ${numbers}`.slice(0, terminal.columns + 40));
  };
  return {
    phase: (next) => {
      words = next;
      paint(true);
    },
    advance: (bytes) => {
      moved += bytes;
      paint(false);
    },
    file: () => {
      files += 1;
      paint(true);
    },
    stop: () => {
      if (!stopped) terminal.rawNote("\r\u001b[2K");
      stopped = true;
    },
  };
}
