import type { ObjectId } from "../../git/object-id.ts";
import { type GitChild, type GitProgram, spawnGit } from "./git-command.ts";

export interface ObjectInfo {
  readonly type: "blob" | "tree" | "commit" | "tag";
  /** Bytes. */
  readonly size: number;
}

interface PendingAnswer {
  readonly wantsContent: boolean;
  readonly resolve: (answer: { info: ObjectInfo; content: Buffer } | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** The reader's process went away; whoever asked may ask a new one. */
export class ReaderGoneError extends Error {}

const NOTHING = Buffer.alloc(0);

/**
 * One `git cat-file --batch-command` process: questions are pipelined and answered in order.
 *
 * Content goes through memory, so callers ask for the size first and take large blobs from a process of their own.
 */
export class ObjectReader {
  readonly #child: GitChild;
  readonly #pending: PendingAnswer[] = [];
  #line = "";
  #body: { readonly info: ObjectInfo; readonly content: Buffer; filled: number } | undefined;
  #gone = false;

  /** @param environment - `GIT_OBJECT_DIRECTORY` and the like, to read other objects than the repo's own. */
  constructor(program: GitProgram, gitDirectory: string, environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawnGit(program, gitDirectory, ["cat-file", "--batch-command"], { environment });
    this.#child.on("error", (error) => this.#fail(error));
    this.#child.on("close", () => this.#fail(undefined));
    this.#child.stdin.on("error", (error) => this.#fail(error));
    this.#child.stderr.resume();
    this.#child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Questions without an answer yet. */
  get pending(): number {
    return this.#pending.length;
  }

  async info(oid: ObjectId): Promise<ObjectInfo | undefined> {
    return (await this.#ask(`info ${oid}\n`, false))?.info;
  }

  /** The whole object in memory. */
  async content(oid: ObjectId): Promise<{ info: ObjectInfo; content: Buffer } | undefined> {
    return await this.#ask(`contents ${oid}\n`, true);
  }

  /** Ends the process; unanswered questions fail with `ReaderGoneError`. */
  close(): void {
    this.#fail(undefined);
    this.#child.stdin.end();
    this.#child.kill();
  }

  #ask(command: string, wantsContent: boolean): Promise<{ info: ObjectInfo; content: Buffer } | undefined> {
    if (this.#gone) return Promise.reject(new ReaderGoneError("git cat-file is gone"));
    const { promise, resolve, reject } = Promise.withResolvers<{ info: ObjectInfo; content: Buffer } | undefined>();
    this.#pending.push({ wantsContent, resolve, reject });
    this.#child.stdin.write(command);
    return promise;
  }

  #fail(cause: Error | undefined): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#child.kill();
    for (const { reject } of this.#pending.splice(0)) reject(new ReaderGoneError("git cat-file is gone", { cause }));
  }

  #take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#gone) {
      at = this.#body === undefined ? this.#takeHeader(chunk, at) : this.#takeBody(this.#body, chunk, at);
    }
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const newline = chunk.indexOf(0x0a, at);
    this.#line += chunk.toString("latin1", at, newline < 0 ? chunk.length : newline);
    if (newline < 0) return chunk.length;
    const line = this.#line;
    this.#line = "";
    const [pending] = this.#pending;
    const match = /^[0-9a-f]{40} (blob|tree|commit|tag) (\d+)$/.exec(line);
    const type = match?.[1];
    if (pending === undefined) {
      this.#fail(new Error("git cat-file answered without a question"));
    } else if (type === "blob" || type === "tree" || type === "commit" || type === "tag") {
      const info = { type, size: Number(match?.[2]) } as const;
      if (pending.wantsContent) {
        this.#body = { info, content: Buffer.allocUnsafe(info.size), filled: 0 };
      } else {
        this.#pending.shift();
        pending.resolve({ info, content: NOTHING });
      }
    } else if (line.endsWith(" missing")) {
      this.#pending.shift();
      pending.resolve(undefined);
    } else {
      this.#fail(new Error("git cat-file answered something else"));
    }
    return newline + 1;
  }

  #takeBody(body: { info: ObjectInfo; content: Buffer; filled: number }, chunk: Buffer, at: number): number {
    const copied = chunk.copy(body.content, body.filled, at);
    body.filled += copied;
    const next = at + copied;
    if (body.filled < body.content.length || next >= chunk.length) return next;
    // The content is complete and `chunk[next]` is the newline behind it.
    this.#body = undefined;
    this.#pending.shift()?.resolve({ info: body.info, content: body.content });
    return next + 1;
  }
}
