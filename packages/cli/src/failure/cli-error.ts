export interface CliErrorOptions {
  /** One sentence: what to do next. */
  readonly next?: string;
  readonly requestId?: string | undefined;
  /** One line per check that failed. */
  readonly details?: readonly string[];
  /** 1: refused or failed (default). 2: wrong usage. */
  readonly exitCode?: 1 | 2;
  /** HTTP status, when a server refused. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** A failure that we can put into words: one sentence, and what to do next. */
export class CliError extends Error {
  readonly next: string | undefined;
  readonly requestId: string | undefined;
  readonly details: readonly string[];
  readonly exitCode: 1 | 2;
  readonly status: number | undefined;

  constructor(sentence: string, options: CliErrorOptions = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CliError";
    this.next = options.next;
    this.requestId = options.requestId;
    this.details = options.details ?? [];
    this.exitCode = options.exitCode ?? 1;
    this.status = options.status;
  }
}

/** The words on the command line were wrong: exit code 2. */
export function usageError(sentence: string, next: string): CliError {
  return new CliError(sentence, { next, exitCode: 2 });
}
