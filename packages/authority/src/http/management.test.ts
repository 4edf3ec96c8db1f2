import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyAuditDatabase } from "../adapters/sqlite/audit-database-file.ts";
import { ADMIN_TOKEN, type ManagementStage, openStage, START } from "./management-stage.contract.ts";

let stage: ManagementStage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe("users", () => {
  it("are made and listed by an administrator", async () => {
    const made = await stage.call("POST", "/users", ADMIN_TOKEN, {
      name: "ada",
      fullname: "Ada L.",
      email: "ada@x.example",
    });
    expect(made.status).toBe(201);
    const ada = { name: "ada", fullname: "Ada L.", email: "ada@x.example", admin: false, locked: false };
    expect(made.json).toEqual({ ...ada, created_at: "2026-11-18T11:06:40.000Z" });
    const listed = await stage.call("GET", "/users", ADMIN_TOKEN);
    expect(listed.json.users).toMatchObject([ada, { name: "root", admin: true }]);
  });

  it.each([
    ["a body that is no object", [], 400, undefined],
    ["no name", {}, 422, "/name"],
    ["a name with a slash", { name: "a/b" }, 422, "/name"],
    ["a reserved name", { name: "Settings" }, 422, "/name"],
    ["an unknown field", { name: "ada", role: "x" }, 422, "/role"],
    ["an invisible character", { name: "ada", fullname: "A\u200bda" }, 422, "/fullname"],
    ["a mail address that is none", { name: "ada", email: "ada" }, 422, "/email"],
    ["a flag that is none", { name: "ada", admin: "true" }, 422, "/admin"],
    ["a name that is taken in other case", { name: "ROOT" }, 409, "/name"],
  ])("are refused with %s", async (_name, body, status, field) => {
    const answer = await stage.call("POST", "/users", ADMIN_TOKEN, body);
    expect([answer.status, answer.json.field]).toEqual([status, field]);
  });
});

describe("organisations", () => {
  it("are made with an owner, and show their members to members only", async () => {
    const ada = await stage.user("ada");
    const eve = await stage.user("eve");
    const made = await stage.call("POST", "/orgs", ADMIN_TOKEN, { name: "acme", owner: "ada" });
    expect([made.status, made.json.name]).toEqual([201, "acme"]);
    expect((await stage.call("GET", "/orgs", eve)).json).toEqual({ orgs: [{ name: "acme", fullname: "acme" }] });
    expect((await stage.call("GET", "/orgs/acme/members", ada)).json).toEqual({
      members: [{ user: "ada", role: "admin" }],
    });
    expect((await stage.call("GET", "/orgs/acme/members", eve)).status).toBe(403);
    expect((await stage.call("GET", "/orgs/nobody/members", ada)).status).toBe(404);
  });

  it("let their admins, and nobody below, manage members", async () => {
    const ada = await stage.user("ada");
    const bob = await stage.user("bob");
    await stage.call("POST", "/orgs", ADMIN_TOKEN, { name: "acme", owner: "ada" });
    expect((await stage.call("PUT", "/orgs/acme/members/bob", ada, { role: "write" })).json).toEqual({
      user: "bob",
      role: "write",
    });
    expect((await stage.call("PUT", "/orgs/acme/members/bob", bob, { role: "admin" })).status).toBe(403);
    expect((await stage.call("PUT", "/orgs/acme/members/bob", ada, { role: "owner" })).json.field).toBe("/role");
    expect((await stage.call("PUT", "/orgs/acme/members/nobody", ada, { role: "read" })).status).toBe(404);
    expect((await stage.call("DELETE", "/orgs/acme/members/bob", ada)).status).toBe(204);
    expect((await stage.call("DELETE", "/orgs/acme/members/bob", ada)).status).toBe(404);
  });

  it("need an owner that exists", async () => {
    const answer = await stage.call("POST", "/orgs", ADMIN_TOKEN, { name: "acme", owner: "nobody" });
    expect([answer.status, answer.json.field]).toEqual([422, "/owner"]);
  });
});

describe("personal access tokens", () => {
  it("work at once, are listed without their text, and stop at once when revoked", async () => {
    const ada = await stage.user("ada");
    stage.clock.time = addSeconds(START, 1);
    const made = await stage.call("POST", "/tokens", ada, { name: "laptop", role: "read" });
    expect(made.status).toBe(201);
    expect(made.json.token).toMatch(/^hf_[A-Za-z0-9]{34}$/);
    const token = String(made.json.token);
    expect((await stage.call("GET", "/api/whoami-v2", token)).json.name).toBe("ada");

    const listed = await stage.call("GET", "/tokens", ada);
    expect(listed.text).not.toContain(token);
    expect(listed.json.tokens).toMatchObject([
      { name: "token", role: "write" },
      { name: "laptop", role: "read" },
    ]);

    expect((await stage.call("DELETE", `/tokens/${String(made.json.id)}`, ada)).status).toBe(204);
    expect((await stage.call("GET", "/api/whoami-v2", token)).status).toBe(401);
    expect((await stage.call("DELETE", `/tokens/${String(made.json.id)}`, ada)).status).toBe(404);
  });

  it("of somebody else are an administrator's business", async () => {
    const ada = await stage.user("ada");
    const eve = await stage.user("eve");
    const mine = await stage.call("GET", "/tokens", ada);
    const [first] = Array.isArray(mine.json.tokens) ? mine.json.tokens : [];
    expect((await stage.call("GET", "/tokens?user=ada", eve)).status).toBe(403);
    expect((await stage.call("POST", "/tokens", eve, { user: "ada", role: "read" })).status).toBe(403);
    expect((await stage.call("DELETE", `/tokens/${first.id}`, eve)).status).toBe(404);
    expect((await stage.call("GET", "/tokens?user=ada", ADMIN_TOKEN)).json.tokens).toMatchObject([{ id: first.id }]);
    expect((await stage.call("GET", "/tokens?user=nobody", ADMIN_TOKEN)).status).toBe(404);
  });

  it("that only read change nothing, not even an administrator's", async () => {
    const { json } = await stage.call("POST", "/tokens", ADMIN_TOKEN, { role: "read" });
    const reader = String(json.token);
    expect((await stage.call("GET", "/users", reader)).status).toBe(200);
    expect((await stage.call("POST", "/users", reader, { name: "ada" })).status).toBe(403);
    expect((await stage.call("POST", "/tokens", reader, { role: "read" })).status).toBe(403);
  });
});

describe("every management call", () => {
  const CALLS = [
    ["GET", "/users"],
    ["POST", "/users"],
    ["GET", "/orgs"],
    ["POST", "/orgs"],
    ["GET", "/orgs/acme/members"],
    ["PUT", "/orgs/acme/members/ada"],
    ["DELETE", "/orgs/acme/members/ada"],
    ["GET", "/tokens"],
    ["POST", "/tokens"],
    ["DELETE", "/tokens/x"],
    ["GET", "/audit"],
    ["GET", "/audit/head"],
  ] as const;

  it.each(CALLS)(
    "%s %s refuses exchanged tokens with 403 and writes the refusal down, and strangers with 401",
    async (method, path) => {
      await stage.user("ada");
      const tokens = [await stage.exchanged("repo"), await stage.exchanged("ada")];
      const body = method === "POST" || method === "PUT" ? {} : undefined;
      for (const token of tokens) expect((await stage.call(method, path, token, body)).status).toBe(403);
      const denied = (await stage.entries()).filter(({ outcome }) => outcome === "denied");
      expect(denied.map(({ actor_kind, resource }) => [actor_kind, resource])).toEqual(
        tokens.map(() => ["workload", `/api/postern/v1${path}`]),
      );
      expect((await stage.call(method, path, undefined, body)).status).toBe(401);
      expect((await stage.call(method, path, "hf_unknownunknownunknown", body)).status).toBe(401);
    },
  );

  it("refuses a plain user what only an administrator may do", async () => {
    const ada = await stage.user("ada");
    for (const [method, path, body] of [
      ["GET", "/users", undefined],
      ["POST", "/users", { name: "x1" }],
      ["POST", "/orgs", { name: "x1" }],
      ["GET", "/audit", undefined],
      ["GET", "/audit/head", undefined],
    ] as const)
      expect((await stage.call(method, path, ada, body)).status).toBe(403);
    expect((await stage.entries()).filter(({ outcome }) => outcome === "denied")).toHaveLength(5);
  });

  it("leaves one audit entry per change, in a chain that verifies", async () => {
    await stage.user("ada");
    await stage.call("POST", "/orgs", ADMIN_TOKEN, { name: "acme" });
    await stage.call("PUT", "/orgs/acme/members/ada", ADMIN_TOKEN, { role: "read" });
    await stage.call("DELETE", "/orgs/acme/members/ada", ADMIN_TOKEN);
    const events = (await stage.entries()).map(({ event }) => event);
    expect(events).toEqual([
      "signing-key.create",
      "provenance-key.create",
      "user.create",
      "token.create",
      "user.create",
      "token.create",
      "org.create",
      "org.member.set",
      "org.member.remove",
    ]);
    expect(verifyAuditDatabase(join(stage.directory, "postern.db")).kind).toBe("intact");
  });
});

describe("the audit export", () => {
  it("is JSON lines, oldest first, in the part that was asked for", async () => {
    await stage.user("ada");
    const answer = await stage.call("GET", "/audit?after=1&limit=2", ADMIN_TOKEN);
    expect(answer.headers.get("content-type")).toContain("application/x-ndjson");
    const lines = answer.text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual([2, 3]);
    const head = await stage.call("GET", "/audit/head", ADMIN_TOKEN);
    const newest = (await stage.entries()).at(-1);
    expect(head.json).toEqual({ seq: newest?.seq, hash: newest?.hash });
  });

  it.each(["after=-1", "after=x", "limit=1e9", "limit=1&limit=2"])("refuses ?%s", async (query) => {
    expect((await stage.call("GET", `/audit?${query}`, ADMIN_TOKEN)).status).toBe(422);
  });
});

describe("storage", () => {
  it("holds no token, no private key and no secret in any of its files", async () => {
    const secrets = [ADMIN_TOKEN, await stage.user("ada"), await stage.exchanged("repo"), await stage.exchanged("ada")];
    await stage.call("GET", "/api/whoami-v2", secrets[1]);
    const privateKey = stage.keyRing.current.privateKey.export({ format: "der", type: "pkcs8" });
    await stage.database.close();
    const files = readdirSync(stage.directory).filter((name) => name.startsWith("postern.db"));
    const bytes = Buffer.concat(files.map((name) => readFileSync(join(stage.directory, name))));
    expect(bytes.includes("ada")).toBe(true);
    for (const secret of secrets) {
      expect(bytes.includes(secret)).toBe(false);
      expect(bytes.includes(secret.slice(-24))).toBe(false);
    }
    // The last 32 bytes before the public key of a PKCS #8 P-256 key are the number that must stay secret.
    expect(bytes.includes(privateKey.subarray(36, 68))).toBe(false);
    expect(bytes.includes(readFileSync(join(stage.directory, "secret.key")).subarray(0, 43))).toBe(false);
  });
});
