import { afterEach, beforeEach, expect, it } from "vitest";
import { ADMIN_TOKEN, type ManagementStage, openStage } from "../http/management-stage.contract.ts";

let stage: ManagementStage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

it("ends a user's own tokens and the tokens of jobs that act for the user, until the lock is taken off", async () => {
  const tokens = [await stage.user("ada"), await stage.exchanged("ada")];
  expect(await statuses(tokens)).toEqual([200, 200]);
  expect((await lock("Ada", { locked: true })).json).toMatchObject({ name: "ada", locked: true });
  expect(await statuses(tokens)).toEqual([401, 401]);
  expect((await lock("ada", { locked: false })).json).toMatchObject({ locked: false });
  expect(await statuses(tokens)).toEqual([200, 200]);
  const events = (await stage.entries()).map(({ event }) => event);
  expect(events.slice(-2)).toEqual(["user.lock", "user.unlock"]);
});

it("ends publishing into the locked user's own namespace, and signed URLs with it", async () => {
  await stage.user("acme");
  const token = await stage.exchanged("repo");
  const principal = await stage.gatekeeper.identify(`Bearer ${token}`);
  if (principal.kind !== "repo-workload") throw new Error("no repo token");
  await lock("acme", { locked: true });
  expect(await statuses([token])).toEqual([401]);
  expect(await stage.gatekeeper.isTokenLive(principal.tokenId)).toBe(false);
});

it("leaves one administrator outside: nobody locks themselves", async () => {
  expect((await lock("root", { locked: true })).json.code).toBe("conflict");
  expect((await stage.call("GET", "/users", ADMIN_TOKEN)).status).toBe(200);
});

it.each([
  ["a user who does not exist", "nobody", { locked: true }, 404],
  ["no decision", "ada", {}, 422],
  ["another field", "ada", { locked: true, admin: true }, 422],
])("refuses %s", async (_what, name, body, status) => {
  await stage.user("ada");
  expect((await lock(name, body)).status).toBe(status);
});

it("is an administrator's business", async () => {
  const ada = await stage.user("ada");
  expect((await stage.call("PATCH", "/users/root", ada, { locked: true })).status).toBe(403);
});

function lock(name: string, body: unknown): ReturnType<ManagementStage["call"]> {
  return stage.call("PATCH", `/users/${name}`, ADMIN_TOKEN, body);
}

function statuses(tokens: readonly string[]): Promise<readonly number[]> {
  return Promise.all(tokens.map(async (token) => (await stage.call("GET", "/api/whoami-v2", token)).status));
}
