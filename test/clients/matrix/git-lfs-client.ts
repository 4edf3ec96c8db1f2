import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { hasGitLfs, realGit, withToken } from "../real-git.ts";
import { type Cell, labelOf, type Outcome } from "./axes.ts";
import { type ClientUnderTest, type Lane, oneByOne } from "./client-under-test.ts";
import { LARGE_FILE } from "./lanes.ts";

const PUSHING = "pushing";
const READING = "reading";

type Git = ReturnType<typeof realGit>;

async function workIn(lane: Lane): Promise<Git> {
  const git = realGit(lane.folder);
  await git.ok(["lfs", "install"]);
  const url = withToken(`${lane.hubUrl}/${lane.repo}`, lane.tokens.owner ?? "");
  for (const cwd of [PUSHING, READING]) await git.ok(["clone", url, cwd], { env: { GIT_LFS_SKIP_SMUDGE: "1" } });
  return git;
}

async function attempt(lane: Lane, git: Git, { operation, bearer }: Cell): Promise<Outcome> {
  const token = lane.tokens[bearer];
  const plain = `${lane.hubUrl}/${lane.repo}`;
  const label = labelOf(bearer);
  const cwd = operation === "download a large file" ? READING : PUSHING;
  await git.ok(["remote", "set-url", "origin", token === undefined ? plain : withToken(plain, token)], { cwd });
  if (operation === "download a large file") {
    rmSync(path.join(git.home, cwd, ".git/lfs/objects"), { recursive: true, force: true });
    const { code, stdout, stderr } = await git.run(["lfs", "fetch", "origin", "main", "--include", LARGE_FILE.path], {
      cwd,
    });
    if (code !== 0) return { kind: "refused", error: `exit ${code}`, message: `${stdout}${stderr}` };
    if (!existsSync(path.join(git.home, cwd, ".git/lfs/objects"))) throw new Error("nothing was fetched");
    return { kind: "allowed" };
  }
  if (operation !== "push large files") throw new Error(`git-lfs cannot ${operation}`);
  git.write({ [`${cwd}/pushed-${label}.bin`]: randomBytes(5000) });
  await git.ok(["add", "."], { cwd });
  await git.ok(["commit", "-m", `By ${label}`], { cwd });
  // First the objects alone, as the hook before a push sends them: git's own refusal would come first.
  const objects = await git.run(["lfs", "push", "origin", "HEAD"], { cwd });
  if (objects.code !== 0)
    return { kind: "refused", error: `exit ${objects.code}`, message: `${objects.stdout}${objects.stderr}` };
  const pushed = await git.run(["push", "origin", "HEAD:main"], { cwd });
  if (pushed.code !== 0) return { kind: "refused", error: `git exit ${pushed.code}`, message: pushed.stderr };
  return { kind: "allowed" };
}

export const gitLfsClient: ClientUnderTest = {
  name: "git-lfs",
  missing: hasGitLfs ? undefined : "git-lfs is not installed",
  operations: ["download a large file", "push large files"],
  run: async (lane, cells) => {
    const git = await workIn(lane);
    return await oneByOne(cells, (cell) => attempt(lane, git, cell));
  },
  expects: (_operation, { status, words }) => ({
    kind: "refused",
    error: "exit 2",
    // It asks git for credentials after 401, and there are none.
    says: status === 401 ? "batch response: Git credentials for" : words,
  }),
};
