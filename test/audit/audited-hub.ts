import { cpSync, createWriteStream, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { finished } from "node:stream/promises";
import { type RunningServer, type StartServerOptions, startServer } from "@postern/server";
import { exportAuditData } from "@postern/server/audit";
import { temporaryFolder } from "../harness/temporary-folder.ts";

export const ADMIN_TOKEN = `hf_${"a".repeat(34)}`;

/** A hub whose checkpoints also go to a file outside its data directory, and that can be stopped, spoiled and started again. */
export interface AuditedHub extends Disposable {
  readonly dataDir: string;
  /** The file outside. */
  readonly witness: string;
  /** @param options - Beside the usual ones of this hub. */
  start(options?: StartServerOptions): Promise<RunningServer>;
  /** Starts it, makes so many users (one entry each), stops it. @returns the public key of its checkpoints. */
  run(prefix: string, users: number, options?: StartServerOptions): Promise<string>;
  /** Copies the stopped data directory away, or puts a copy back. */
  backUp(name: string): void;
  restore(name: string): void;
  /** Writes an export. @returns its path. */
  exported(name: string): Promise<string>;
}

export function auditedHub(): AuditedHub {
  const folder = temporaryFolder("audited");
  const dataDir = path.join(folder.path, "data");
  const witness = path.join(folder.path, "witness");
  const start: AuditedHub["start"] = (options = {}) =>
    startServer({
      port: 0,
      dataDir,
      bootstrapAdmin: "root-admin",
      adminToken: ADMIN_TOKEN,
      log: "silent",
      checkpointFile: witness,
      checkpointOrigin: "hub.example/audit",
      ...options,
    });
  return {
    dataDir,
    witness,
    start,
    run: async (prefix, users, options) => {
      const server = await start(options);
      for (let index = 0; index < users; index += 1) await addUser(server.url, `${prefix}-${index}`);
      const key = await (await fetch(`${server.url}/api/postern/v1/audit/checkpoint-key`)).text();
      await server.close();
      return key.trim();
    },
    backUp: (name) => cpSync(dataDir, path.join(folder.path, name), { recursive: true }),
    restore: (name) => {
      rmSync(dataDir, { recursive: true });
      cpSync(path.join(folder.path, name), dataDir, { recursive: true });
    },
    exported: async (name) => {
      mkdirSync(path.join(folder.path, "exports"), { recursive: true });
      const file = path.join(folder.path, "exports", name);
      const output = createWriteStream(file);
      await exportAuditData(dataDir, output);
      output.end();
      await finished(output);
      return file;
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

export async function addUser(url: string, name: string): Promise<void> {
  const response = await fetch(`${url}/api/postern/v1/users`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  if (!response.ok) throw new Error(`no user ${name}: ${response.status} ${await response.text()}`);
}
