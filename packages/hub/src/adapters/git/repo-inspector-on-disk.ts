import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { RepoFault, RepoInspection, RepoInspector } from "../../fsck/repo-inspector.ts";
import type { LfsPointer } from "../../git/lfs-pointer.ts";
import { MAX_POINTER_BYTES, parseLfsPointer } from "../../git/lfs-pointer.ts";
import { isRepoId } from "../../repos/repo-id.ts";
import { DEFAULT_GIT, type GitChild, type GitProgram, runGit, spawnGit } from "./git-command.ts";
import { isSystemError } from "./ref-files.ts";

/** No pointer is shorter: its first line alone has 43 bytes. */
const MIN_POINTER_BYTES = 100;
const MAX_DETAIL = 500;

/** The repos below `repos/` of a data directory, whether its server runs or not. Changes nothing. */
export class RepoInspectorOnDisk implements RepoInspector {
  readonly #root: string;
  readonly #program: GitProgram;

  constructor(dataDirectory: string, program: GitProgram = DEFAULT_GIT) {
    this.#root = join(dataDirectory, "repos");
    this.#program = program;
  }

  async directories(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const folder of await entriesOf(this.#root)) {
      if (!/^[0-9a-f]{2}$/.test(folder.name)) continue;
      for (const { name } of await entriesOf(join(this.#root, folder.name))) {
        const repoId = name.endsWith(".git") ? name.slice(0, -4) : "";
        if (isRepoId(repoId) && repoId.startsWith(folder.name)) found.push(repoId);
      }
    }
    return found.toSorted();
  }

  async unsettled(): Promise<readonly string[]> {
    return (await entriesOf(join(this.#root, "tmp")))
      .filter(({ name }) => name.endsWith(".unsettled"))
      .map(({ name }) => name.slice(0, -".unsettled".length))
      .filter(isRepoId);
  }

  async refsFingerprint(repoId: string): Promise<string> {
    const directory = this.#directoryOf(repoId);
    const hash = createHash("sha256");
    for (const { ref, content } of await looseRefs(directory)) hash.update(`${ref}\0${content}\0`);
    for (const name of ["HEAD", "packed-refs"])
      hash.update(`${name}\0${(await textOf(join(directory, name))) ?? ""}\0`);
    return hash.digest("hex");
  }

  async inspect(repoId: string, deep: boolean): Promise<RepoInspection> {
    const directory = this.#directoryOf(repoId);
    const faults: RepoFault[] = [];
    const head = await textOf(join(directory, "HEAD"));
    if (head === undefined || !/^ref: refs\/heads\/[^\s]+\n?$/.test(head)) {
      faults.push({ code: "head-broken", detail: head === undefined ? "there is no HEAD" : head.slice(0, 100) });
    }
    faults.push(...(await this.#refFaults(directory)));
    if (deep) faults.push(...(await this.#objectFaults(directory)));
    if (faults.length > 0) return { faults, pointers: [] };
    const pointers = await this.#pointers(directory);
    return pointers.kind === "read"
      ? { faults: [], pointers: pointers.pointers }
      : { faults: [pointers.fault], pointers: [] };
  }

  /** Git leaves out what it cannot read and says so on the side at best, so every file has to be in git's own list. */
  async #refFaults(directory: string): Promise<readonly RepoFault[]> {
    const listed = await runGit(this.#program, directory, ["for-each-ref", "--format=%(refname)"]);
    if (listed.status !== 0) return [{ code: "repo-damaged", detail: words(listed.stderr) }];
    if (listed.stderr.trim() !== "") return [{ code: "ref-broken", detail: words(listed.stderr) }];
    const names = new Set(listed.stdout.toString("utf8").split("\n").filter(Boolean));
    const loose = await looseRefs(directory);
    const faults: RepoFault[] = loose
      .filter(({ ref }) => !names.has(ref))
      .map(({ ref }) => ({ code: "ref-broken", detail: `git does not list ${ref}` }));
    // Other refs, such as notes about commits, do not lead to files.
    const hasBranch = [...names].some((name) => name.startsWith("refs/heads/"));
    if (!hasBranch && faults.length === 0 && (await hasObjects(directory))) {
      faults.push({ code: "refs-missing", detail: "there are objects, and no branch" });
    }
    return faults;
  }

  async #objectFaults(directory: string): Promise<readonly RepoFault[]> {
    const { status, stdout, stderr } = await runGit(this.#program, directory, [
      "fsck",
      "--full",
      "--no-dangling",
      "--no-progress",
    ]);
    return status === 0 ? [] : [{ code: "repo-damaged", detail: words(`${stdout.toString("utf8")} ${stderr}`) }];
  }

  /**
   * Every blob of a pointer's size that a ref reaches, read and parsed. `rev-list` fails on any commit, tree or blob that is missing, and a
   * failure of any of the three processes is a fault: a list that is too short would make the collector remove what is in use.
   */
  async #pointers(
    directory: string,
  ): Promise<
    | { readonly kind: "read"; readonly pointers: readonly LfsPointer[] }
    | { readonly kind: "failed"; readonly fault: RepoFault }
  > {
    const walk = spawnGit(this.#program, directory, ["rev-list", "--objects", "--no-object-names", "--all"]);
    const check = spawnGit(this.#program, directory, [
      "cat-file",
      "--batch-check=%(objectname) %(objecttype) %(objectsize)",
      "--buffer",
    ]);
    const ends = [endOf("rev-list", walk), endOf("cat-file", check)];
    walk.stdin.end();
    walk.stdout.pipe(check.stdin);
    const small: string[] = [];
    for await (const line of createInterface({ input: check.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
      const [oid = "", type, size] = line.split(" ");
      if (type === "missing") ends.push(Promise.resolve(`object ${oid} is missing`));
      if (type === "blob" && Number(size) >= MIN_POINTER_BYTES && Number(size) <= MAX_POINTER_BYTES) small.push(oid);
    }
    const pointers: LfsPointer[] = [];
    const read = spawnGit(this.#program, directory, ["cat-file", "--batch", "--buffer"]);
    ends.push(endOf("cat-file", read));
    read.stdin.end(small.map((oid) => `${oid}\n`).join(""));
    let count = 0;
    for await (const blob of batchContents(read.stdout)) {
      count += 1;
      const pointer = parseLfsPointer(blob);
      if (pointer !== undefined) pointers.push(pointer);
    }
    if (count !== small.length) ends.push(Promise.resolve(`${count} of ${small.length} small files could be read`));
    const failure = (await Promise.all(ends)).find((text) => text !== undefined);
    return failure === undefined
      ? { kind: "read", pointers }
      : { kind: "failed", fault: { code: "repo-damaged", detail: words(failure) } };
  }

  #directoryOf(repoId: string): string {
    if (!isRepoId(repoId)) throw new Error(`not a repo id: ${repoId}`);
    return join(this.#root, repoId.slice(0, 2), `${repoId}.git`);
  }
}

/** @returns what went wrong with a process, `undefined` when it ended well and had nothing to say. */
async function endOf(name: string, child: GitChild): Promise<string | undefined> {
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (stderr.length < MAX_DETAIL) stderr += chunk.toString("utf8");
  });
  // The exit status tells more than a broken pipe.
  child.stdin.on("error", () => {});
  try {
    const [status] = await once(child, "close");
    return status === 0 && stderr.trim() === "" ? undefined : `git ${name} ended with ${status}: ${stderr}`;
  } catch (error) {
    return `git ${name} could not be started: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The contents in the output of `cat-file --batch`; they are small. */
async function* batchContents(output: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of output) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const line = rest.indexOf(0x0a);
      if (line < 0) break;
      const size = Number(/ blob (\d+)$/.exec(rest.toString("latin1", 0, line))?.[1] ?? Number.NaN);
      // `… missing`: the count at the end tells.
      if (Number.isNaN(size)) {
        rest = rest.subarray(line + 1);
        continue;
      }
      if (rest.length < line + 1 + size + 1) break;
      yield rest.subarray(line + 1, line + 1 + size);
      rest = rest.subarray(line + 1 + size + 1);
    }
  }
}

async function looseRefs(directory: string): Promise<readonly { readonly ref: string; readonly content: string }[]> {
  const entries = await readdir(join(directory, "refs"), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".lock"));
  const refs = await Promise.all(
    files.map(async (entry) => {
      const file = join(entry.parentPath, entry.name);
      // Gone in between: deleted or packed.
      return { ref: file.slice(directory.length + 1), content: await textOf(file) };
    }),
  );
  return refs
    .flatMap(({ ref, content }) => (content === undefined ? [] : [{ ref, content }]))
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
}

async function hasObjects(directory: string): Promise<boolean> {
  const objects = join(directory, "objects");
  for (const { name } of await entriesOf(objects)) {
    if (/^[0-9a-f]{2}$/.test(name) && (await entriesOf(join(objects, name))).length > 0) return true;
  }
  return (await entriesOf(join(objects, "pack"))).some(({ name }) => name.endsWith(".pack"));
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (!isSystemError(error, "ENOENT", "EISDIR")) throw error;
    return undefined;
  }
}

function words(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim().slice(0, MAX_DETAIL);
}
