// `npm run bench -- NAME`: installs and builds what is missing, then runs bench/NAME/run.ts; arguments behind NAME go to it. Without NAME, all.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { carriedNode, ensureInstalled, fail, root } from "./ensure-installed.mjs";

const folder = path.join(root, "bench");
const names = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "run.ts")));
const [name, ...args] = process.argv.slice(2);
if (name !== undefined && !names.includes(name))
  fail(`There is no benchmark ${name}.`, `Choose one of: ${names.join(", ")}; without a name all of them run.`);

ensureInstalled();
for (const chosen of name === undefined ? names : [name]) {
  const { status, signal } = spawnSync(carriedNode, [path.join(folder, chosen, "run.ts"), ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${path.dirname(carriedNode)}${path.delimiter}${process.env.PATH ?? ""}` },
  });
  if (status !== 0) process.exit(status ?? (signal === "SIGINT" ? 130 : 1));
}
