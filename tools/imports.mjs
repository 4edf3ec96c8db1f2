// `npm run imports`: fails on an import edge that tools/import-rules/rules.mjs does not allow, and on a cycle.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { carriedNode, root, step } from "./ensure-installed.mjs";

const folder = path.join(root, "tools", "import-rules");
const cruiser = path.join(folder, "node_modules", "dependency-cruiser", "bin", "dependency-cruiser.mjs");
if (!existsSync(cruiser))
  step("installing the import checker (once)", "npm", [
    "ci",
    "--prefix",
    folder,
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
const { status } = spawnSync(
  carriedNode,
  [
    cruiser,
    "--config",
    path.join(folder, "rules.mjs"),
    "packages/core/src",
    "packages/client/src",
    "packages/simulator/src",
    "packages/authority/src",
    "packages/hub/src",
    "packages/server/src",
    "packages/cli/src",
  ],
  {
    cwd: root,
    stdio: "inherit",
  },
);
process.exit(status ?? 1);
