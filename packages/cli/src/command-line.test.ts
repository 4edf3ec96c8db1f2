import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "./command-table.ts";
import type { CliContext } from "./context/cli-context.ts";
import { runCommandLine } from "./main.ts";
import { createTerminal } from "./terminal/terminal.ts";
import { BIN, runBin } from "./testing/run-bin.ts";

const silent: CliContext = {
  env: {},
  cwd: tmpdir(),
  terminal: createTerminal({ stdout: { write: () => true }, stderr: { write: () => true }, env: {} }),
  fetch: () => Promise.reject(new Error("no network here")),
  signal: new AbortController().signal,
  now: () => 0,
};

/** Every command that does something: `upload`, `token create`. */
async function allCommands(): Promise<readonly (readonly string[])[]> {
  const found: string[][] = [];
  for (const { name, load } of COMMANDS) {
    const command = (await load())(silent);
    if (command.commands.length === 0) found.push([name]);
    else found.push([name], ...command.commands.map((child) => [name, child.name()]));
  }
  return found;
}

/** The page for people, made of the same words that the command prints. */
async function referencePage(): Promise<string> {
  const parts = [
    "# The `postern` command\n\nMade from `--help` by a test; `npx vitest run -u packages/cli` brings it up to date.\n",
  ];
  for (const words of [[], ...(await allCommands())]) {
    const { text } = await helpOf(words);
    parts.push(`## \`${["postern", ...words].join(" ")}\`\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`);
  }
  return parts.join("\n");
}

async function helpOf(words: readonly string[]): Promise<{ readonly exitCode: number; readonly text: string }> {
  let text = "";
  const stdout = {
    write: (part: string) => {
      text += part;
    },
  };
  const terminal = createTerminal({ stdout, stderr: { write: () => true }, env: {} });
  return { exitCode: await runCommandLine([...words, "--help"], { ...silent, terminal }), text };
}

describe("--help", () => {
  it("teaches every command with an example that begins with the command", async () => {
    const commands = await allCommands();
    expect(commands.length).toBeGreaterThan(30);
    for (const words of commands) {
      const { exitCode, text } = await helpOf(words);
      expect(exitCode, words.join(" ")).toBe(0);
      expect(text, words.join(" ")).toMatch(/\nExamples?:\n {2}\$ /);
      expect(text, words.join(" ")).toContain(`postern ${words.join(" ")}`);
    }
  });

  it("lists every command of the table", async () => {
    const { text } = await helpOf([]);
    for (const { name, summary } of COMMANDS) {
      expect(text).toContain(`  ${name} `);
      expect(summary).not.toMatch(/\.$/);
    }
  });

  it("is the reference page", async () => {
    await expect(await referencePage()).toMatchFileSnapshot("../../../docs/reference/cli.md");
  });

  it("is what `help COMMAND` shows too", async () => {
    expect((await runBin(["help", "token", "create"])).stdout).toBe(
      (await runBin(["token", "create", "--help"])).stdout,
    );
  });
});

describe("exit codes", () => {
  it.each<[string, readonly string[], number, RegExp]>([
    ["a question for help", ["--help"], 0, /^$/],
    ["a question for the version", ["--version"], 0, /^$/],
    ["no command", [], 2, /Usage: postern/],
    ["an unknown command", ["uplaod"], 2, /Did you mean upload\?/],
    ["an unknown command in a group", ["token", "creat"], 2, /Did you mean create\?/],
    ["a group without a command", ["publisher"], 2, /Usage: postern publisher/],
    ["an unknown flag", ["upload", "acme/x", "--revison", "v2"], 2, /Did you mean --revision\?/],
    ["a missing argument", ["repo", "create"], 2, /missing required argument 'REPO'/],
    ["a missing flag", ["token", "create", "--user", "ada"], 2, /required option '--role <ROLE>'/],
    ["a value that is no role", ["token", "create", "--role", "owner"], 2, /'owner' is not a role/],
    ["a repo type that does not exist", ["repo", "create", "a1/x", "--repo-type", "bucket"], 2, /not a repo type/],
    ["a type that contradicts the path", ["download", "datasets/a1/x", "--repo-type", "model"], 2, /is a dataset/],
    ["a port that is none", ["simulate", "--serve", "--port", "x"], 2, /is not a port/],
    ["a provider that cannot be simulated", ["simulate", "--provider", "jenkins", "--", "true"], 2, /github, gitlab/],
    ["a job without a command", ["simulate", "--provider", "github"], 2, /no command to run/],
    [
      "a fault that does not exist",
      ["simulate", "--provider", "github", "--fault", "x", "--", "true"],
      2,
      /--list-faults/,
    ],
    ["a management command without a server", ["user", "list"], 2, /HF_ENDPOINT is not set/],
    ["a token in place of its id", ["token", "revoke", "hf_abcdef"], 2, /not the id/],
    ["a deletion that nobody confirms", ["repo", "delete", "acme/x"], 2, /Add --yes/],
    ["a publisher without claims", ["publisher", "add", "a1/x", "--provider", "custom"], 2, /would trust everybody/],
    ["a publisher on two targets", ["publisher", "list", "a1/x", "--user", "ada"], 2, /one repo or to one user/],
    ["no login", ["auth", "token"], 1, /You are not logged in/],
    ["nothing to publish with", ["upload", "acme/x", BIN], 1, /You are not logged in/],
  ])("%s", async (_what, words, exitCode, said) => {
    const finished = await runBin(words);
    expect(finished.exitCode).toBe(exitCode);
    expect(finished.stderr).toMatch(said);
    if (exitCode !== 0) expect(finished.stdout).toBe("");
  });

  it("shows the log of a simulated job as a runner does: masked", async () => {
    const script = "console.error('::add-mask::s3cret'); console.error('say s3cret'); console.log('out')";
    const finished = await runBin(["simulate", "--provider", "github", "--", process.execPath, "-e", script]);
    expect(finished).toEqual({ exitCode: 0, stdout: "out\n", stderr: "say ***\n" });
  });

  it("says which command a simulated job could not find", async () => {
    const finished = await runBin(["simulate", "--provider", "gitlab", "--", "postern-no-such-command"]);
    expect(finished).toMatchObject({ exitCode: 1, stdout: "" });
    expect(finished.stderr).toContain("postern-no-such-command was not found");
  });

  it("gives a simulated job its provider's environment and none of our tokens", async () => {
    const script =
      "console.log(JSON.stringify([process.env.GITHUB_ACTIONS, process.env.GITHUB_REPOSITORY, process.env.HF_TOKEN]))";
    const words = [
      "simulate",
      "--provider",
      "github",
      "--claim",
      "repository=acme/other",
      "--",
      process.execPath,
      "-e",
      script,
    ];
    const finished = await runBin(words, { env: { HF_TOKEN: "hf_canary0123456789" } });
    expect(JSON.parse(finished.stdout)).toEqual(["true", "acme/other", null]);
  });

  it("ends as the simulated job's command does", async () => {
    const words = ["simulate", "--provider", "github", "--", process.execPath, "-e", "process.exit(7)"];
    expect(await runBin(words)).toEqual({ exitCode: 7, stdout: "", stderr: "" });
  });
});

describe("auth token", () => {
  it("prints the token alone", async () => {
    const env = { HF_TOKEN: "hf_abc" };
    expect(await runBin(["auth", "token"], { env })).toEqual({ exitCode: 0, stdout: "hf_abc\n", stderr: "" });
  });

  it("prints JSON that parses", async () => {
    const { stdout } = await runBin(["auth", "token", "--json"], { env: { HF_TOKEN: "hf_abc" } });
    expect(JSON.parse(stdout)).toEqual({ token: "hf_abc", endpoint: "https://huggingface.co" });
  });

  it("is no implicit use of the token", async () => {
    const env = { HF_TOKEN: "hf_abc", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" };
    expect((await runBin(["auth", "token"], { env })).stdout).toBe("hf_abc\n");
  });

  it("fails, and names no stored token, when the keyless login that was asked for fails", async () => {
    const env = { HF_TOKEN: "hf_abc", HF_OIDC_RESOURCE: "acme/x", HF_ENDPOINT: "http://127.0.0.1:1" };
    const finished = await runBin(["auth", "token"], { env });
    expect(finished).toMatchObject({ exitCode: 1, stdout: "" });
    expect(finished.stderr).toMatch(/^error: /);
    expect(finished.stderr).not.toContain("hf_abc");
  });
});

it("says in one sentence what to do when it is not built", () => {
  const folder = mkdtempSync(join(tmpdir(), "postern-bin-"));
  try {
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    copyFileSync(BIN, join(folder, "bin", "postern.js"));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, "bin", "postern.js")], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "postern is not built yet: run npm start or npm run build first.\n",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
