import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bareEnvironment, posternCommand, runCommand } from "../../harness/run-command.ts";
import type { Refusal } from "./access-rules.ts";
import { type Cell, labelOf, OPERATIONS, type Operation, type Outcome } from "./axes.ts";
import { type ClientUnderTest, type Lane, oneByOne } from "./client-under-test.ts";
import { LARGE_FILE, SMALL_FILE } from "./lanes.ts";

/** The arguments of one try; files to send are made below `folder`. */
type Arguments = (lane: Lane, label: string) => readonly string[];

function folderToSend({ folder }: Lane, label: string): string {
  const source = path.join(folder, `source-${label}`);
  mkdirSync(source, { recursive: true });
  writeFileSync(path.join(source, `${label}.txt`), label);
  writeFileSync(path.join(source, `${label}.bin`), randomBytes(5000));
  return source;
}

const download =
  (file: string): Arguments =>
  ({ repo, folder }, label) => ["download", repo, file, "--local-dir", path.join(folder, `got-${label}`)];

const COMMANDS: Readonly<Partial<Record<Operation, Arguments>>> = {
  whoami: () => ["auth", "whoami"],
  "download a small file": download(SMALL_FILE.path),
  "download a large file": download(LARGE_FILE.path),
  "upload small and large files": (lane, label) => ["upload", lane.repo, folderToSend(lane, label), "--no-create"],
  "create a branch": (lane, label) => [
    "upload",
    lane.repo,
    folderToSend(lane, label),
    "--no-create",
    "--revision",
    `branch-${label}`,
  ],
  "change settings": ({ repo, access }) => ["repo", "settings", repo, access === "private" ? "--private" : "--public"],
  "delete the repo": ({ repo }) => ["repo", "delete", repo, "--yes"],
};

async function attempt(lane: Lane, { operation, bearer }: Cell): Promise<Outcome> {
  const make = COMMANDS[operation];
  if (make === undefined) throw new Error(`postern cannot ${operation}`);
  const label = labelOf(bearer);
  const token = lane.tokens[bearer];
  const [program, script] = posternCommand;
  const { code, stderr } = await runCommand(program, [script, ...make(lane, label)], {
    env: {
      ...bareEnvironment(lane.folder),
      HF_ENDPOINT: lane.hubUrl,
      ...(token === undefined ? {} : { HF_TOKEN: token }),
    },
    cwd: lane.folder,
  });
  if (code !== 0) return { kind: "refused", error: `exit ${code}`, message: stderr };
  const wanted = { "download a small file": SMALL_FILE, "download a large file": LARGE_FILE }[String(operation)];
  if (wanted !== undefined && !readFileSync(path.join(lane.folder, `got-${label}`, wanted.path)).equals(wanted.content))
    throw new Error(`${wanted.path}: other bytes`);
  return { kind: "allowed" };
}

/** The hub's sentence, except where the command knows a better one. */
function saidBy(operation: Operation, { status, code, words }: Refusal): string {
  if (operation !== "upload small and large files" && operation !== "create a branch") return words;
  if (status === 401) return "You are not logged in, so you cannot publish.";
  return code === "RepoNotFound" ? "does not exist, or your token may not see it." : words;
}

export const posternClient: ClientUnderTest = {
  name: "postern",
  missing: undefined,
  operations: OPERATIONS.filter((operation) => COMMANDS[operation] !== undefined),
  run: (lane, cells) => oneByOne(cells, (cell) => attempt(lane, cell)),
  expects: (operation, refusal) => ({ kind: "refused", error: "exit 1", says: saidBy(operation, refusal) }),
};
