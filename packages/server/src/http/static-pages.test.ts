import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EXCHANGE_CODES } from "@postern/core/error/exchange-codes";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningServer, startServer } from "../start-server.ts";

const folder = mkdtempSync(path.join(tmpdir(), "postern-pages-"));
let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ port: 0, dataDir: folder, log: "silent" });
});
afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

it("greets whoever opens the printed address with what to do", async () => {
  const response = await fetch(server.url);
  expect(response.headers.get("content-type")).toContain("text/html");
  expect(await response.text()).toContain(`HF_ENDPOINT=${server.url}`);
});

it.each(Object.entries(EXCHANGE_CODES))(
  "explains %s on a page of its own that runs and loads nothing",
  async (code, row) => {
    const response = await fetch(`${server.url}/errors/${code}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    const text = await response.text();
    for (const words of [row.meaning, row.remedy])
      expect(text).toContain(words.replaceAll('"', "&quot;").replaceAll("<", "&lt;"));
    expect(text).toContain(`<pre>${row.error}: [${code}] `);
    expect(text).toContain("Who can: ");
  },
);

it("does not show a made-up code back", async () => {
  const response = await fetch(`${server.url}/errors/%3Cscript%3E`);
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain("<script>");
});

it("has no administrator until one was asked for", () => {
  expect(server.hasAdministrator).toBe(false);
  expect(server.firstRun).toBeUndefined();
});
