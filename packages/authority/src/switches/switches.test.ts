import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteSwitchStore } from "../adapters/sqlite/sqlite-switch-store.ts";
import { ADMIN_TOKEN, type ManagementStage, openStage } from "../http/management-stage.contract.ts";
import { Switches } from "./switches.ts";

let stage: ManagementStage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe("switches", () => {
  it("are on until somebody switches them off, and tell who, when and why", async () => {
    expect((await stage.call("GET", "/switches", ADMIN_TOKEN)).json).toEqual({
      switches: [
        { name: "exchange", on: true },
        { name: "writes", on: true },
      ],
      issuers_off: [],
      publishers_off: [],
    });
    const off = {
      name: "exchange",
      on: false,
      reason: "incident 4711",
      switched_off_at: "2026-11-18T11:06:40.000Z",
      switched_off_by: "root",
    };
    const changed = await change("exchange", { on: false, reason: "incident 4711" });
    expect(changed).toMatchObject({ status: 200, json: off });
    expect((await stage.call("GET", "/switches", ADMIN_TOKEN)).json.switches).toEqual([
      off,
      { name: "writes", on: true },
    ]);
    expect((await change("exchange", { on: true })).json).toEqual({ name: "exchange", on: true });
  });

  it("stay off over a restart", async () => {
    await change("writes", { on: false });
    const restarted = await Switches.open(new SqliteSwitchStore(stage.database));
    expect(restarted.whyOff("writes")).toMatchObject({ reason: "", by: "root" });
    expect(restarted.whyOff("exchange")).toBeUndefined();
  });

  it("may be switched off twice; the later reason counts", async () => {
    await change("writes", { on: false, reason: "first" });
    expect((await change("writes", { on: false, reason: "second" })).json.reason).toBe("second");
  });

  it("leave one audit entry for each change", async () => {
    await change("exchange", { on: false, reason: "why" });
    await change("exchange", { on: true });
    const entries = (await stage.entries()).filter(({ event }) => event === "switch.change");
    expect(entries.map(({ resource, detail }) => [resource, JSON.parse(detail)])).toEqual([
      ["switches/exchange", { on: false, reason: "why" }],
      ["switches/exchange", { on: true, reason: "" }],
    ]);
  });

  it.each([
    ["an unknown switch", "everything", { on: false }, 404],
    ["no position", "exchange", {}, 422],
    ["an unknown field", "exchange", { on: false, until: 7 }, 422],
    ["a reason of two lines", "exchange", { on: false, reason: "a\nb" }, 422],
    ["no object", "exchange", [], 400],
  ])("refuse %s", async (_what, name, body, status) => {
    expect((await change(name, body)).status).toBe(status);
  });

  it("are for administrators", async () => {
    const ada = await stage.user("ada");
    expect((await stage.call("PATCH", "/switches/exchange", ada, { on: false })).status).toBe(403);
    expect((await stage.call("GET", "/switches", ada)).status).toBe(403);
    expect((await stage.call("GET", "/switches")).status).toBe(401);
  });
});

function change(name: string, body: unknown): ReturnType<ManagementStage["call"]> {
  return stage.call("PATCH", `/switches/${name}`, ADMIN_TOKEN, body);
}
