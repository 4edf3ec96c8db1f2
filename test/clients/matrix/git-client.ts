import { existsSync } from "node:fs";
import path from "node:path";
import { realGit, withToken } from "../real-git.ts";
import type { Cell, Outcome } from "./axes.ts";
import { labelOf } from "./axes.ts";
import { type ClientUnderTest, type Lane, oneByOne } from "./client-under-test.ts";

/** A lane's git and the clone that pushes start from. */
interface Work {
  readonly git: ReturnType<typeof realGit>;
  readonly clone: string;
}

async function workIn(lane: Lane): Promise<Work> {
  const git = realGit(lane.folder);
  await git.ok(["clone", withToken(`${lane.hubUrl}/${lane.repo}`, lane.tokens.owner ?? ""), "work"]);
  return { git, clone: "work" };
}

/** The commands that end in the operation; the last one decides. */
async function attempt(lane: Lane, { git, clone }: Work, { operation, bearer }: Cell): Promise<Outcome> {
  const token = lane.tokens[bearer];
  const plain = `${lane.hubUrl}/${lane.repo}`;
  const url = token === undefined ? plain : withToken(plain, token);
  const label = labelOf(bearer);
  const inClone = { cwd: clone };
  const finished = await (async () => {
    switch (operation) {
      case "clone":
        return git.run(["clone", url, `clone-${label}`], { env: { GIT_LFS_SKIP_SMUDGE: "1" } });
      case "push":
        git.write({ [`${clone}/pushed-${label}.txt`]: label });
        await git.ok(["add", "."], inClone);
        await git.ok(["commit", "-m", `By ${label}`], inClone);
        return git.run(["push", url, "HEAD:main"], inClone);
      case "create a branch":
        return git.run(["push", url, `HEAD:refs/heads/${label}`], inClone);
      case "delete a file":
        await git.ok(["rm", `to-delete/${label}`], inClone);
        await git.ok(["commit", "-m", `Delete as ${label}`], inClone);
        return git.run(["push", url, "HEAD:main"], inClone);
      default:
        throw new Error(`git cannot ${operation}`);
    }
  })();
  if (finished.code === 0) {
    if (operation === "clone" && !existsSync(path.join(lane.folder, `clone-${label}`, "small.txt")))
      throw new Error("the clone has no files");
    return { kind: "allowed" };
  }
  return { kind: "refused", error: `exit ${finished.code}`, message: finished.stderr };
}

export const gitClient: ClientUnderTest = {
  name: "git",
  missing: undefined,
  operations: ["clone", "push", "create a branch", "delete a file"],
  run: async (lane, cells) => {
    const work = await workIn(lane);
    return await oneByOne(cells, (cell) => attempt(lane, work, cell));
  },
  expects: (_operation, { status, words }) => ({
    kind: "refused",
    error: "exit 128",
    // git asks for a name and a password after 401, which nobody is there to type; of other refusals it prints the hub's sentence.
    says: status === 401 ? "could not read Username" : words,
  }),
};
