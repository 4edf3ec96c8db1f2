import type { Readable } from "node:stream";
import type { ObjectId } from "../../git/object-id.ts";
import type { GitService, GitTransfers, PushedObjects } from "../../git-http/git-transfers.ts";
import { FLUSH, pktLine } from "../../git-http/pkt-line.ts";
import { SpentBuffers } from "../spent-buffers.ts";
import { DEFAULT_GIT, type GitProgram, spawnGit } from "./git-command.ts";
import { PushQuarantine } from "./push-quarantine.ts";
import { stopGroup } from "./stop-process.ts";
import { TransferSlots } from "./transfer-slots.ts";
import { unreachableObjects } from "./unreachable-objects.ts";

export interface GitTransferOptions {
  /** Where the bare repository of a repo lies. */
  readonly directoryOf: (repoId: string) => string;
  /** A text that was never used before, for temporary names. */
  readonly nonce: () => string;
  /** Milliseconds since 1970 at which this process took over the data directory. */
  readonly startedAtMs: number;
  /** Default: `git` of the usual system folders. */
  readonly program?: GitProgram;
  /** Transfers at a time; default 64. */
  readonly maxTransfers?: number;
}

/** Nobody needs longer for one answer: milliseconds. A connection on which nothing moves ends far earlier. */
const MAX_TRANSFER_MS = 6 * 3600 * 1000;

/**
 * Only what a ref leads to is given out. `allowAnySHA1InWant` stays off, which protocol v2 does not heed; there `unreachable` is asked
 * before. One allocation of git is bounded, because a few bytes of a pack or a request can ask for gigabytes.
 */
const UPLOAD_PACK_SETTINGS = [
  "uploadpack.allowFilter=true",
  "uploadpackfilter.sparse:oid.allow=false",
  "uploadpack.allowAnySHA1InWant=false",
  "uploadpack.advertiseBundleURIs=false",
  "pack.windowMemory=128m",
  "pack.deltaCacheSize=64m",
].flatMap((setting) => ["-c", setting]);
const RECEIVE_PACK_SETTINGS = ["receive.advertiseAtomic=true", "receive.advertisePushOptions=false"].flatMap(
  (setting) => ["-c", setting],
);

/** Clones, fetches and pushes by native git. */
export class GitTransfersOnDisk implements GitTransfers {
  readonly #options: GitTransferOptions;
  readonly #program: GitProgram;
  readonly #slots: TransferSlots;
  readonly #spent = new SpentBuffers();

  constructor(options: GitTransferOptions) {
    this.#options = options;
    this.#program = options.program ?? DEFAULT_GIT;
    this.#slots = new TransferSlots(options.maxTransfers ?? 64);
  }

  async advertise(
    repoId: string,
    service: GitService,
    protocol: string | undefined,
    signal: AbortSignal,
  ): Promise<Readable> {
    const args = ["--stateless-rpc", "--http-backend-info-refs", this.#options.directoryOf(repoId)];
    // A push has no version 2, and version 1 says nothing new.
    const spoken = service === "git-upload-pack" && protocol?.split(":").includes("version=2") ? protocol : undefined;
    const command =
      service === "git-upload-pack"
        ? [...UPLOAD_PACK_SETTINGS, "upload-pack", ...args]
        : [...RECEIVE_PACK_SETTINGS, "receive-pack", ...args];
    const head = spoken === undefined ? [pktLine(`# service=${service}\n`), FLUSH] : [];
    return await this.#run(repoId, command, spoken, signal, undefined, head);
  }

  async uploadPack(
    repoId: string,
    request: Buffer,
    protocol: string | undefined,
    signal: AbortSignal,
  ): Promise<Readable> {
    const command = [...UPLOAD_PACK_SETTINGS, "upload-pack", "--stateless-rpc", this.#options.directoryOf(repoId)];
    return await this.#run(repoId, command, protocol, signal, request, []);
  }

  async unreachable(repoId: string, wanted: ReadonlySet<ObjectId>, signal: AbortSignal): Promise<readonly ObjectId[]> {
    const release = await this.#slots.take(signal);
    try {
      return await unreachableObjects(this.#program, this.#options.directoryOf(repoId), wanted, signal);
    } finally {
      release();
    }
  }

  async beginPush(repoId: string, signal: AbortSignal): Promise<PushedObjects> {
    const release = await this.#slots.take(signal);
    try {
      return await PushQuarantine.begin(this.#options.directoryOf(repoId), {
        program: this.#program,
        nonce: this.#options.nonce(),
        startedAtMs: this.#options.startedAtMs,
        signal: AbortSignal.any([signal, AbortSignal.timeout(MAX_TRANSFER_MS)]),
        release,
        spent: this.#spent,
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  async #run(
    repoId: string,
    command: readonly string[],
    protocol: string | undefined,
    signal: AbortSignal,
    input: Buffer | undefined,
    head: readonly Buffer[],
  ): Promise<Readable> {
    const release = await this.#slots.take(signal);
    const child = spawnGit(this.#program, this.#options.directoryOf(repoId), command, {
      environment: { GIT_ALLOC_LIMIT: "512m", ...(protocol === undefined ? {} : { GIT_PROTOCOL: protocol }) },
      ownGroup: true,
    });
    child.once("close", release);
    child.once("error", (error) => {
      release();
      child.stdout.destroy(error);
    });
    child.stdin.on("error", () => {});
    child.stderr.resume();
    child.stdin.end(input);
    this.#spent.watch(child.stdout);
    if (head.length > 0) child.stdout.unshift(Buffer.concat(head));
    const ended = AbortSignal.any([signal, AbortSignal.timeout(MAX_TRANSFER_MS)]);
    const stop = (): void => stopGroup(child);
    if (ended.aborted) stop();
    ended.addEventListener("abort", stop, { once: true });
    // Whoever stops reading ends the process, and with its end nothing is left to be ended.
    child.stdout.once("close", () => {
      ended.removeEventListener("abort", stop);
      stop();
    });
    return child.stdout;
  }
}
