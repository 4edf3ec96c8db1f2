import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idToken } from "../testing/id-token.ts";
import { exchanged, KeylessWorld } from "../testing/keyless-world.ts";

const SCRIPT = fileURLToPath(new URL("../testing/canary-job.ts", import.meta.url));

interface Finished {
  readonly code: number;
  readonly stdout: string;
  /** Standard error without the runner's mask commands, which must hold the secret. */
  readonly shown: string;
  readonly masked: readonly string[];
}

describe("a job in a process of its own", () => {
  let world: KeylessWorld;
  let folder: string;
  const canary = randomBytes(12).toString("hex");
  const exchangedToken = `hf_jwt_${idToken({ canary, padding: "p".repeat(1500) })}`;
  const minted: string[] = [];

  beforeEach(async () => {
    world = await KeylessWorld.start();
    folder = await mkdtemp(join(tmpdir(), "postern-canary-"));
    minted.length = 0;
    world.mint.behave = ({ url }) => {
      const value = idToken({ aud: url.searchParams.get("audience"), canary, padding: "p".repeat(1500) });
      minted.push(value);
      return { body: { value } };
    };
    world.hub.behave = () => ({ body: exchanged(exchangedToken) });
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function run(more: Record<string, string> = {}): Promise<Finished> {
    for (const name of ["home", "tmp", "cwd"]) await mkdir(join(folder, name), { recursive: true });
    const environment = {
      ...world.githubJob({ ACTIONS_ID_TOKEN_REQUEST_TOKEN: `bearer-${canary}`, HF_DEBUG: "1" }),
      PATH: process.env.PATH ?? "",
      HOME: join(folder, "home"),
      HF_HOME: join(folder, "home", "hub"),
      TMPDIR: join(folder, "tmp"),
      ...more,
    };
    return new Promise((resolve) => {
      execFile(process.execPath, [SCRIPT], { env: environment, cwd: join(folder, "cwd") }, (error, stdout, stderr) => {
        const lines = stderr.split("\n");
        const masks = lines.filter((line) => line.startsWith("::add-mask::"));
        resolve({
          code: error === null ? 0 : Number(error.code),
          stdout,
          shown: lines.filter((line) => !line.startsWith("::add-mask::")).join("\n"),
          masked: masks.map((line) => line.slice("::add-mask::".length)),
        });
      });
    });
  }

  function expectNoSecret(shown: string): void {
    const claims = idToken({ canary }).split(".")[1] ?? "";
    expect(shown).not.toContain(canary);
    expect(shown).not.toContain("eyJ");
    expect(shown).not.toContain(claims.slice(0, 10));
    for (const token of [...minted, exchangedToken]) {
      for (const part of token.split(".")) expect(shown).not.toContain(part.slice(-24));
    }
  }

  it("prints the token alone on standard output, debug output without secrets, and writes nothing to disk", async () => {
    const job = await run();
    expect(job.code).toBe(0);
    expect(job.stdout).toBe(`${exchangedToken}\n`);
    expect(job.masked).toEqual([...minted, exchangedToken]);
    expect(job.shown).toMatch(/curl -X GET .*authorization: <TOKEN>/);
    expect(job.shown).toMatch(/curl -X POST .*"subject_token":"<REDACTED>".*\/oauth\/token'/);
    expectNoSecret(job.shown);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(["cwd", "home", "tmp"]);
  });

  it.each([
    ["refuses and echoes", { status: 400, body: { error: "invalid_grant", error_description: "ECHO" } }],
    ["fails and echoes", { status: 500, body: "ECHO" }],
    ["answers nonsense", { status: 200, body: { access_token: "ECHO\n" } }],
    ["redirects", { status: 307, headers: { location: "https://elsewhere.example/?t=ECHO" } }],
  ])("shows no secret when the hub %s", async (_, reply) => {
    world.hub.behave = ({ body }) => JSON.parse(JSON.stringify(reply).replace("ECHO", JSON.parse(body).subject_token));
    const job = await run();
    expect(job.code).toBe(1);
    expect(job.stdout).toBe("");
    expect(job.shown).toContain("OidcError");
    expectNoSecret(job.shown);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(["cwd", "home", "tmp"]);
  });

  it("shows no secret when the runner's token cannot be sent", async () => {
    const job = await run({ ACTIONS_ID_TOKEN_REQUEST_TOKEN: `bearer\u0001${canary}` });
    expect(job.code).toBe(1);
    expect(job.shown).toContain("mint_failed");
    expectNoSecret(job.shown);
  });
});
