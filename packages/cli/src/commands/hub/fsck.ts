import { resolve } from "node:path";
import type { CliContext } from "../../context/cli-context.ts";
import { CommandExit } from "../../failure/command-exit.ts";
import { loadStorage } from "../../optional/load-storage.ts";

export interface FsckOptions {
  readonly data?: string;
  readonly config?: string;
  readonly deep?: boolean;
  readonly json?: boolean;
}

/** Between two lines of progress, in milliseconds. */
const TELL_EVERY = 2000;

/** Checks a data folder, beside its server or without one. */
export async function fsck(context: CliContext, options: FsckOptions): Promise<void> {
  const { terminal, env } = context;
  const { checkStorage } = await loadStorage("Checking a data folder");
  let toldAt = context.now();
  const outcome = await checkStorage({
    dataDir: options.data === undefined ? undefined : resolve(context.cwd, options.data),
    configFile: options.config === undefined ? undefined : resolve(context.cwd, options.config),
    environment: env,
    deep: options.deep === true,
    onProgress: (what, done, total) => {
      if (options.json === true || context.now() - toldAt < TELL_EVERY) return;
      toldAt = context.now();
      terminal.note(`${what}: ${done}${total === undefined ? "" : ` of ${total}`}`);
    },
  });
  const errors = outcome.findings.filter(({ severity }) => severity === "error");
  if (options.json === true) terminal.json({ ok: errors.length === 0, ...outcome });
  else {
    for (const { code, severity, subject, message, detail, advice } of outcome.findings) {
      const mark = severity === "error" ? terminal.style("red", "✗") : terminal.style("dim", "·");
      terminal.out(`${mark} ${code}: ${subject}`);
      terminal.out(`    ${message}${detail === undefined ? "" : ` (${detail})`}`);
      terminal.out(`    ${advice}`);
    }
    const { repos, objects, auditEntries } = outcome;
    const looked = `${repos} repos, ${objects} large files, ${auditEntries} audit entries`;
    terminal.out(
      errors.length === 0
        ? `${terminal.style("green", "✓")} ${looked}: they fit each other.`
        : `${looked}: ${errors.length} ${errors.length === 1 ? "thing is" : "things are"} wrong.`,
    );
    if (errors.length === 0 && options.deep !== true) terminal.out("The content of files was not read: --deep does.");
  }
  if (errors.length > 0) throw new CommandExit(1);
}
