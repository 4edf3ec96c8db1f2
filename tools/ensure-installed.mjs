// Installs what a checkout lacks, without a question. Runs on the machine's own Node (20 or newer), so it uses nothing newer.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const carriedNode = path.join(
  root,
  "node_modules",
  "node",
  "bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/** Prints one sentence and what to do, then ends the process. */
export function fail(sentence, remedy) {
  process.stderr.write(`\n✗ ${sentence}\n  ${remedy}\n`);
  process.exit(1);
}

/** Runs a step to its end; its own output is shown only when it fails, unless `show`. */
export function step(title, command, args, { show = false } = {}) {
  if (!show) process.stdout.write(`… ${title}\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: show ? "inherit" : ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  if (result.error !== undefined)
    fail(
      `${title}: ${command} could not be started (${result.error.code ?? result.error.message}).`,
      "Install Node.js 20 or newer with npm, then run the command again.",
    );
  if (result.status !== 0) {
    if (!show) process.stderr.write(`${result.stdout}${result.stderr}`);
    fail(
      `${title} failed (exit code ${result.status ?? result.signal}).`,
      "What it printed stands above. Mend that and run the command again; it goes on where it stopped.",
    );
  }
}

/** `npm ci` when node_modules is absent or older than the lock file, then a build of what changed. */
export function ensureInstalled() {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major < 20)
    fail(
      `This machine's Node.js is ${process.version}; installing needs 20 or newer.`,
      "Install a newer Node.js. Postern then uses the one that it carries itself.",
    );
  if (spawnSync("git", ["--version"]).status !== 0)
    fail("git is not installed.", "Install git 2.36 or newer (Debian: apt-get install git): repos are stored in it.");
  if (!isInstalled()) {
    step("installing packages (once; about half a minute)", npm(), [
      "ci",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ]);
    if (!existsSync(carriedNode))
      fail(
        "npm did not install the Node.js that Postern carries.",
        "Your npm may be set to skip install scripts; run: npm rebuild node",
      );
  }
  step("building", carriedNode, [path.join("node_modules", "typescript", "bin", "tsc"), "-b"]);
}

function isInstalled() {
  const marker = path.join(root, "node_modules", ".package-lock.json");
  if (!existsSync(marker) || !existsSync(carriedNode)) return false;
  if (statSync(marker).mtimeMs >= statSync(path.join(root, "package-lock.json")).mtimeMs) return true;
  // A checkout touches the lock file without changing it: compare what is wanted with what is there.
  const wanted = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(marker, "utf8")).packages;
  return Object.entries(wanted).every(
    ([where, { version, link, optional }]) =>
      where === "" ||
      link === true ||
      optional === true ||
      !where.startsWith("node_modules/") ||
      present[where]?.version === version,
  );
}

function npm() {
  return process.platform === "win32" ? "npm.cmd" : "npm";
}
