import type { GitChild } from "./git-command.ts";
import { isSystemError } from "./ref-files.ts";

/** Milliseconds that a process has to end by itself. */
const GRACE_MS = 3000;

/** Ends a process that heads its own group, and what it started: upload-pack leaves the packing to a child. */
export function stopGroup(child: GitChild): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child, "SIGTERM");
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
  timer.unref();
  child.once("close", () => clearTimeout(timer));
}

function signalGroup({ pid }: GitChild, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!isSystemError(error, "ESRCH")) throw error;
  }
}
