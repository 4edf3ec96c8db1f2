import type { Readable } from "node:stream";
import type { Reception } from "../../git-http/git-transfers.ts";
import { type GitChild, type GitProgram, spawnGit } from "./git-command.ts";
import { stopGroup } from "./stop-process.ts";

/** `PACK`, version, number of objects. */
const HEADER_BYTES = 12;
/** An index of more would take memory out of proportion; no repo that people work with has as many. */
const MAX_OBJECTS = 4_000_000;

/**
 * What a few bytes of a pack may make git do: no object above this is held in memory whole (larger blobs are hashed as they come),
 * and no single allocation exceeds the second.
 */
const SETTINGS = ["-c", "core.bigFileThreshold=16m", "-c", "core.deltaBaseCacheLimit=64m"];
const ALLOCATION_LIMIT = "512m";

/**
 * Feeds a pack to `git index-pack`, at git's pace. `--strict` checks each object as `git fsck` would, and that everything that an
 * object names is in the pack or in the repo; since that has always been checked, what is in the repo is complete.
 *
 * Reads `pack` to its end also when git gives up early: a client that is still sending would not read the answer.
 *
 * @throws {Error} with code `ENOSPC` on a full disk; what `pack` throws; the signal's reason.
 */
export async function indexPack(
  program: GitProgram,
  gitDirectory: string,
  environment: Readonly<Record<string, string>>,
  pack: Readable,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Reception> {
  const head = await peekHead(pack);
  if (head.length === 0) return { kind: "received", objects: 0 };
  const fault = faultOfHeader(head);
  const objects = fault === undefined ? head.readUInt32BE(8) : 0;
  if (fault !== undefined || objects === 0) {
    await discard(pack, maxBytes);
    return fault === undefined ? { kind: "received", objects } : { kind: "refused", reason: fault };
  }
  const args = [...SETTINGS, "index-pack", "--stdin", "--fix-thin", "--strict", `--max-input-size=${maxBytes}`];
  const child = spawnGit(program, gitDirectory, args, {
    environment: { ...environment, GIT_ALLOC_LIMIT: ALLOCATION_LIMIT },
    ownGroup: true,
  });
  const stop = (): void => stopGroup(child);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const { status, stderr } = await feed(child, pack, maxBytes);
    signal.throwIfAborted();
    return status === 0 ? { kind: "received", objects } : { kind: "refused", reason: reasonOf(stderr, maxBytes) };
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** Until the process has ended and the pack with it. */
async function feed(
  child: GitChild,
  pack: Readable,
  maxBytes: number,
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  let stderr = "";
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (stderr.length < 8192) stderr += text;
  });
  child.stdin.on("error", () => {}); // The exit status tells more than a broken pipe.
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const arrived = arrival(pack);
  arrived.catch(() => {});
  pack.pipe(child.stdin);
  const status = await Promise.race([ended, arrived.then(() => ended)]);
  pack.unpipe(child.stdin);
  if (!pack.readableEnded) await discard(pack, maxBytes);
  return { status, stderr };
}

/** The first bytes of a pack, which stay in it. */
async function peekHead(pack: Readable): Promise<Buffer> {
  let head = Buffer.alloc(0);
  const chunks: AsyncIterator<Uint8Array> = pack.iterator({ destroyOnReturn: false });
  while (head.length < HEADER_BYTES) {
    const { done, value } = await chunks.next();
    if (done === true) return head;
    head = Buffer.concat([head, value]);
  }
  await chunks.return?.();
  pack.unshift(head);
  return head;
}

/** Reads what is left and forgets it. @throws {Error} when the pusher goes away or sends far too much. */
async function discard(pack: Readable, maxBytes: number): Promise<void> {
  if (pack.readableEnded) return;
  let left = maxBytes;
  pack.on("data", (chunk: Uint8Array) => {
    left -= chunk.byteLength;
    if (left < 0) pack.destroy(new Error("a push went on beyond all bounds"));
  });
  const arrived = arrival(pack);
  pack.resume();
  await arrived;
}

function arrival(pack: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    pack.once("end", resolve);
    pack.once("error", reject);
    pack.once("close", () => reject(new Error("the pusher went away")));
  });
}

function faultOfHeader(head: Buffer): string | undefined {
  if (head.length < HEADER_BYTES || head.toString("latin1", 0, 4) !== "PACK") return "What was pushed is no pack.";
  if (head.readUInt32BE(8) <= MAX_OBJECTS) return undefined;
  return `A push has at most ${MAX_OBJECTS} objects. Push the history in parts.`;
}

/** Git's own words where they speak of objects; others may name paths of the server. */
function reasonOf(stderr: string, maxBytes: number): string {
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    throw Object.assign(new Error("git index-pack: no space left on device"), { code: "ENOSPC" });
  }
  if (/maximum allowed size/.test(stderr)) return `A push has at most ${maxBytes} bytes. Push the history in parts.`;
  const fsck = /(?:error|fatal): object ([0-9a-f]{40}: \w+: [^\n]{1,200})/.exec(stderr)?.[1];
  if (fsck !== undefined) return `An object is malformed, as git fsck sees it: ${fsck}`;
  if (/did not receive expected object|unresolved delta|Not all child objects/.test(stderr)) {
    return "The pack names objects that are neither in it nor in this repo. Fetch first, or push from a clone that is whole.";
  }
  if (/attempting to (?:allocate|mmap)/.test(stderr)) return "An object is too large to be taken in.";
  return "The pack is damaged or was cut off on the way. Try again.";
}
