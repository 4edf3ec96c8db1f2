import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** A real executable in a folder of its own, which keeps the arguments of its last call and answers as it is told. */
export class JobCommand implements AsyncDisposable {
  /** Goes in front of the job's `PATH`. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(
    name: string,
    answer: { readonly stdout?: string; readonly stderr?: string; readonly exitCode?: number; readonly hangs?: true },
  ): Promise<JobCommand> {
    const folder = await mkdtemp(join(tmpdir(), "postern-command-"));
    const { stdout = "", stderr = "", exitCode = 0, hangs } = answer;
    const script = `#!/bin/sh
printf '%s\\n' "$@" > "${join(folder, "arguments")}"
${hangs === true ? "exec sleep 60" : ""}
cat "${join(folder, "stdout")}"
cat "${join(folder, "stderr")}" >&2
exit ${exitCode}
`;
    await writeFile(join(folder, "stdout"), stdout);
    await writeFile(join(folder, "stderr"), stderr);
    await writeFile(join(folder, name), script);
    await chmod(join(folder, name), 0o700);
    return new JobCommand(folder);
  }

  get path(): string {
    return [this.folder, "/usr/bin", "/bin", dirname(process.execPath)].join(delimiter);
  }

  async arguments(): Promise<readonly string[]> {
    return (await readFile(join(this.folder, "arguments"), "utf8")).trimEnd().split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
