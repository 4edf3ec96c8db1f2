import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { HubProcess } from "./hub-process.ts";
import { ADMIN_TOKEN } from "./hub-process.ts";
import { runMeasured } from "./run-measured.ts";

/** How the files of a repo lie: all in one folder, or a hundred to a folder. */
export type Shape = "flat" | "nested";

/** Path of the file of this number. */
export function pathOf(shape: Shape, index: number): string {
  const name = `file-${String(index).padStart(6, "0")}.txt`;
  return shape === "flat" ? `files/${name}` : `files/part-${String(Math.floor(index / 100)).padStart(4, "0")}/${name}`;
}

/** Makes `acme/{name}` with `files` small files, by one `git push` to the server. */
export async function fillRepo(
  hub: HubProcess,
  folder: string,
  { name, shape, files }: { readonly name: string; readonly shape: Shape; readonly files: number },
): Promise<void> {
  const created = await fetch(`${hub.url}/api/repos/create`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  if (!created.ok) throw new Error(`no repo: ${await created.text()}`);
  const local = path.join(folder, name);
  mkdirSync(local);
  const git = async (...args: readonly string[]): Promise<void> => {
    await runMeasured(["git", "-C", local, ...args], { env: process.env, cwd: local });
  };
  await git("init", "-q", "--bare", "-b", "main");
  await importFiles(local, shape, files);
  const remote = `${hub.url.replace("://", `://acme:${ADMIN_TOKEN}@`)}/acme/${name}`;
  await git("push", "-q", "--force", remote, "main:main");
}

async function importFiles(local: string, shape: Shape, files: number): Promise<void> {
  const child = spawn("git", ["-C", local, "fast-import", "--quiet"], { stdio: ["pipe", "inherit", "inherit"] });
  const say = async (text: string): Promise<void> => {
    if (!child.stdin.write(text)) await once(child.stdin, "drain");
  };
  await say("commit refs/heads/main\ncommitter Bench <bench@example.com> 1700000000 +0000\ndata 4\nfill\n");
  for (let index = 0; index < files; index++) {
    const text = `file ${index}\n`;
    await say(`M 100644 inline ${pathOf(shape, index)}\ndata ${text.length}\n${text}`);
  }
  child.stdin.end();
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error("git fast-import failed");
}
