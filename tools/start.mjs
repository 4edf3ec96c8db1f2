// `npm start`: installs what is missing, then shows the main job to the reader. `npm start -- --once` ends after the comparison.
import { spawn } from "node:child_process";
import path from "node:path";
import { carriedNode, ensureInstalled, root } from "./ensure-installed.mjs";

ensureInstalled();
const demo = spawn(carriedNode, [path.join(root, "packages/cli/bin/postern.js"), "demo", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  // Commands that the demo starts, and `npx postern`, find the carried Node first.
  env: { ...process.env, PATH: `${path.dirname(carriedNode)}${path.delimiter}${process.env.PATH ?? ""}` },
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => demo.kill(signal));
demo.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
