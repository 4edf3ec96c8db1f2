import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type RunningHub, startHub } from "../harness/running-hub.ts";
import { AUDITED_CALLS } from "./audited-calls.ts";
import { storedState } from "./stored-state.ts";

let hub: RunningHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

describe("every changing route", () => {
  it("stands in the table of calls, or says why it changes nothing", () => {
    const declared = hub.server.changingRoutes.filter(({ audit }) => "event" in audit);
    const routes = new Set(declared.map(({ method, path: route }) => `${method} ${route}`));
    const called = new Set(AUDITED_CALLS.map(({ route }) => route));
    expect(
      [...routes].filter((route) => !called.has(route)),
      "routes without a call in audited-calls.ts",
    ).toEqual([]);
    expect(
      [...called].filter((route) => !routes.has(route)),
      "calls without a route",
    ).toEqual([]);
  });

  // One after the other on one hub: each builds on the ones before.
  it.each(AUDITED_CALLS.map((call, index) => ({ ...call, index })))(
    "$index: $route does nothing while the log cannot be written, and is recorded when it can",
    async ({ route, prepare, startsAnew }) => {
      const call = await prepare(hub);
      const before = storedState(hub.dataDir);
      const refused = await withBrokenLog(hub.dataDir, call);
      // The exchange speaks OAuth and has stable codes of its own.
      const code = route === "POST /oauth/token" ? "TP1905" : "audit_unavailable";
      expect([refused.status, codeOf(refused)], refused.text).toEqual([503, code]);
      expect(storedState(hub.dataDir)).toBe(before);

      const head = await headOf(hub);
      const done = startsAnew === true ? await (await prepare(hub))() : await call();
      // The form for access answers with a redirect, as the Hub does.
      expect(done.status, done.text).toBeLessThan(400);
      // A publisher that never earned a token has none to lose.
      if (!route.endsWith("/revoke-tokens")) expect(storedState(hub.dataDir)).not.toBe(before);
      const event = hub.server.changingRoutes
        .flatMap(({ method, path: where, audit }) =>
          `${method} ${where}` === route && "event" in audit ? audit.event : [],
        )
        .at(0);
      const written = await entriesAfter(hub, head);
      expect(written).toContainEqual(expect.objectContaining({ event, outcome: "allowed" }));
    },
  );
});

describe("a log that is slow", () => {
  it("holds a change up for as long as it takes, and refuses it when it takes too long", async () => {
    const call = (name: string) => hub.call("POST", "/api/postern/v1/users", { token: hub.adminToken, body: { name } });
    const short = await lockFor(hub.dataDir, 500);
    expect((await call("patient")).status).toBe(201);
    await short.released;
    const before = storedState(hub.dataDir);
    const long = await lockFor(hub.dataDir, 8000);
    const refused = await call("impatient");
    expect([refused.status, codeOf(refused)]).toEqual([503, "audit_unavailable"]);
    await long.released;
    expect(storedState(hub.dataDir)).toBe(before);
    expect((await call("impatient")).status).toBe(201);
  });
});

/** The smallest seam there is: a trigger that fails like a broken disk would, inside the statement that writes the entry. */
async function withBrokenLog(dataDir: string, call: () => Promise<Answer>): Promise<Answer> {
  changeSchema(dataDir, "create trigger broken before insert on audit_log begin select json('{'); end");
  try {
    return await call();
  } finally {
    changeSchema(dataDir, "drop trigger broken");
  }
}

function changeSchema(dataDir: string, statement: string): void {
  const database = new Database(path.join(dataDir, "postern.db"));
  database.exec(statement);
  database.close();
}

/** Another process that holds the database, as a slow disk would. */
async function lockFor(dataDir: string, ms: number): Promise<{ readonly released: Promise<unknown> }> {
  const script = `
    const database = new (require("better-sqlite3"))(process.argv[1]);
    database.exec("begin immediate");
    console.log("locked");
    setTimeout(() => database.exec("rollback"), Number(process.argv[2]));`;
  const child = spawn(process.execPath, ["-e", script, path.join(dataDir, "postern.db"), String(ms)], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const released = once(child, "exit");
  await once(child.stdout, "data");
  return { released };
}

function codeOf({ json, headers }: Answer): unknown {
  return json?.code ?? headers.get("x-error-code");
}

async function headOf({ call, adminToken }: RunningHub): Promise<number> {
  return (await call("GET", "/api/postern/v1/audit/head", { token: adminToken })).json.seq;
}

async function entriesAfter({ call, adminToken }: RunningHub, seq: number): Promise<readonly unknown[]> {
  const { text } = await call("GET", `/api/postern/v1/audit?after=${seq}`, { token: adminToken });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}
