// `npm test`: installs what is missing, then runs every test that needs no network. Arguments go to Vitest.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { carriedNode, ensureInstalled, root } from "./ensure-installed.mjs";

ensureInstalled();
const { status, signal } = spawnSync(
  carriedNode,
  [path.join("node_modules", "vitest", "vitest.mjs"), "run", ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${path.dirname(carriedNode)}${path.delimiter}${process.env.PATH ?? ""}` },
  },
);
process.exit(status ?? (signal === "SIGINT" ? 130 : 1));
