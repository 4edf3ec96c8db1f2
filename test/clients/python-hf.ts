import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bareEnvironment, type Finished, runCommand } from "../harness/run-command.ts";

/** `src` folder of a checkout of the Python client; its tests are skipped when this is unset (docs/guides/testing.md). */
export const pythonCheckout: string | undefined = process.env.POSTERN_TEST_PYTHON_HF;

/**
 * Debian 12 carries `filelock` 3.9, which does not know the `mode` keyword that the client passes; this drops it.
 * Nothing of the client itself is changed.
 */
const FILELOCK_SHIM = `
import functools
try:
    import filelock
    for _name in ("FileLock", "SoftFileLock", "UnixFileLock"):
        _class = getattr(filelock, _name, None)
        if _class is None or getattr(_class, "_postern_wrapped", False):
            continue
        _original = _class.__init__
        def _init(self, *args, _original=_original, **kwargs):
            try:
                return _original(self, *args, **kwargs)
            except TypeError:
                kwargs.pop("mode", None)
                return _original(self, *args, **kwargs)
        _class.__init__ = _init
        _class._postern_wrapped = True
except ImportError:
    pass
`;

/** Runs the unmodified `hf` of the checkout with the system's Python. */
export function runHf(
  args: readonly string[],
  options: { readonly home: string; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<Finished> {
  if (pythonCheckout === undefined) throw new Error("POSTERN_TEST_PYTHON_HF is not set");
  return runCommand("/usr/bin/python3", ["-m", "huggingface_hub.cli.hf", ...args], {
    env: { ...bareEnvironment(options.home), ...pythonEnvironment(options.home, pythonCheckout), ...options.env },
    cwd: options.cwd ?? options.home,
  });
}

/** Runs a Python program with the checkout's library. */
export function runPython(
  program: string,
  options: { readonly home: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Finished> {
  if (pythonCheckout === undefined) throw new Error("POSTERN_TEST_PYTHON_HF is not set");
  return runCommand("/usr/bin/python3", ["-c", program], {
    env: { ...bareEnvironment(options.home), ...pythonEnvironment(options.home, pythonCheckout), ...options.env },
    cwd: options.home,
  });
}

/** The variables that make `python3 -m huggingface_hub.cli.hf` run from the checkout. */
export function pythonEnvironment(home: string, checkout: string): NodeJS.ProcessEnv {
  const shim = path.join(home, "python-shim");
  mkdirSync(shim, { recursive: true });
  writeFileSync(path.join(shim, "sitecustomize.py"), FILELOCK_SHIM);
  return { PYTHONPATH: `${shim}:${checkout}`, PYTHONDONTWRITEBYTECODE: "1" };
}
