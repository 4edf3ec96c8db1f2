import type { Reception } from "../../git-http/git-transfers.ts";
import { type GitProgram, spawnGit } from "./git-command.ts";
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
  pack: AsyncIterable<Uint8Array>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Reception> {
  const source = pack[Symbol.asyncIterator]();
  const head = await readHead(source);
  if (head.length === 0) return { kind: "received", objects: 0 };
  const fault = faultOfHeader(head);
  const objects = fault === undefined ? head.readUInt32BE(8) : 0;
  if (fault !== undefined || objects === 0) {
    await drain(source, maxBytes);
    return fault === undefined ? { kind: "received", objects } : { kind: "refused", reason: fault };
  }
  const args = [...SETTINGS, "index-pack", "--stdin", "--fix-thin", "--strict", `--max-input-size=${maxBytes}`];
  const child = spawnGit(program, gitDirectory, args, {
    environment: { ...environment, GIT_ALLOC_LIMIT: ALLOCATION_LIMIT },
    ownGroup: true,
  });
  const stop = (): void => stopGroup(child);
  signal.addEventListener("abort", stop, { once: true });
  let over = false;
  let stderr = "";
  const status = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => {
    over = true;
  });
  status.catch(() => {});
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (stderr.length < 8192) stderr += text;
  });
  child.stdin.on("error", () => {}); // The exit status tells more than a broken pipe.
  try {
    let received = head.length;
    child.stdin.write(head);
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      received += next.value.byteLength;
      if (received > maxBytes) break;
      if (!over && !child.stdin.write(next.value)) await drained(child.stdin, status);
    }
    child.stdin.end();
    const code = await status;
    signal.throwIfAborted();
    if (code === 0 && received <= maxBytes) return { kind: "received", objects };
    return { kind: "refused", reason: reasonOf(received > maxBytes ? "maximum allowed size" : stderr, maxBytes) };
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

async function readHead(source: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < HEADER_BYTES) {
    const { done, value } = await source.next();
    if (done === true) return head;
    head = Buffer.concat([head, value]);
  }
  return head;
}

function faultOfHeader(head: Buffer): string | undefined {
  if (head.length < HEADER_BYTES || head.toString("latin1", 0, 4) !== "PACK") return "What was pushed is no pack.";
  if (head.readUInt32BE(8) <= MAX_OBJECTS) return undefined;
  return `A push has at most ${MAX_OBJECTS} objects. Push the history in parts.`;
}

async function drain(source: AsyncIterator<Uint8Array>, maxBytes: number): Promise<void> {
  let left = maxBytes;
  for (let next = await source.next(); next.done !== true && left > 0; next = await source.next()) {
    left -= next.value.byteLength;
  }
}

/** Until there is room in the pipe or nobody reads it any more. */
async function drained(stdin: NodeJS.WritableStream, status: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stdin.once("drain", resolve);
  status.then(
    () => resolve(),
    () => resolve(),
  );
  await promise;
  stdin.removeListener("drain", resolve);
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
