import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, it } from "vitest";
import { startServer } from "../start-server.ts";

const folder = mkdtempSync(path.join(tmpdir(), "postern-newer-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each(["authority_migrations", "hub_migrations"])(
  "refuses a data directory whose %s come from a newer version",
  async (table) => {
    const dataDir = path.join(folder, table);
    await (await startServer({ port: 0, dataDir, log: "silent" })).close();
    const database = new Database(path.join(dataDir, "postern.db"));
    database
      .prepare(`insert into ${table} (name, timestamp) values ('2099-01-01-future', '2099-01-01T00:00:00Z')`)
      .run();
    database.close();
    await expect(startServer({ port: 0, dataDir, log: "silent" })).rejects.toMatchObject({
      name: "ConfigError",
      setting: "data",
      message: expect.stringContaining("newer version of Postern (it knows 2099-01-01-future)"),
    });
  },
);
