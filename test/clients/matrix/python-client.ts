import { writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../harness/run-command.ts";
import { pythonCheckout, runPython } from "../python-hf.ts";
import { labelOf, type Outcome } from "./axes.ts";
import type { ClientUnderTest } from "./client-under-test.ts";
import { LARGE_FILE, SMALL_FILE } from "./lanes.ts";

const PROGRAM = path.join(root, "test", "clients", "matrix", "python_cells.py");

const CLASSES = {
  none: "HfHubHTTPError",
  RepoNotFound: "RepositoryNotFoundError",
  GatedRepo: "GatedRepoError",
} as const;

/** All cells of a lane in one process: starting Python costs more than a call. */
export const pythonClient: ClientUnderTest = {
  name: "huggingface_hub",
  missing: pythonCheckout === undefined ? "POSTERN_TEST_PYTHON_HF is not set" : undefined,
  operations: [
    "whoami",
    "info",
    "list the tree",
    "check access",
    "download a small file",
    "download a large file",
    "upload small and large files",
    "create a branch",
    "delete a file",
    "open a pull request",
    "open a discussion",
    "list discussions",
    "change settings",
    "delete the repo",
  ],
  run: async (lane, cells) => {
    const named = ({ path: name, content }: typeof SMALL_FILE | typeof LARGE_FILE) => ({
      name,
      content: content.toString(),
    });
    const task = path.join(lane.folder, "cells.json");
    writeFileSync(
      task,
      JSON.stringify({
        ...lane,
        small: named(SMALL_FILE),
        large: named(LARGE_FILE),
        cells: cells.map((cell) => ({ ...cell, label: labelOf(cell.bearer) })),
      }),
    );
    const program = `import runpy, sys\nsys.stdin = open(${JSON.stringify(task)})\nrunpy.run_path(${JSON.stringify(PROGRAM)})`;
    const { code, stdout, stderr } = await runPython(program, {
      home: lane.folder,
      env: { HF_ENDPOINT: lane.hubUrl },
    });
    if (code !== 0) throw new Error(`the Python client ended with ${code}: ${stderr}`);
    const outcomes: readonly Outcome[] = JSON.parse(stdout);
    return outcomes;
  },
  expects: (operation, { status, code, words }) => {
    // It does not even ask the hub.
    if (operation === "whoami") return { kind: "refused", error: "LocalTokenNotFoundError", says: "Token is required" };
    return { kind: "refused", error: `${CLASSES[code ?? "none"]} ${status}`, says: words };
  },
};
