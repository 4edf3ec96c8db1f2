import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { announced, sendBytes, uploadAction } from "../audit/lfs-upload.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";

const GC = "/api/postern/v1/storage/gc";

describe("garbage collection by hand", () => {
  let hub: RunningHub;
  beforeAll(async () => {
    hub = await startHub();
  });
  afterAll(() => hub?.[Symbol.asyncDispose]());

  it("is for administrators only", async () => {
    const ada = await hub.user("ada");
    for (const path of [GC, `${GC}/restore`]) {
      expect((await hub.call("POST", path, { body: { dry_run: true } })).status).toBe(401);
      expect((await hub.call("POST", path, { token: ada, body: { dry_run: true } })).status).toBe(403);
    }
  });

  it("tells in a dry run, does it, and gives back what was named", async () => {
    await hub.repo("root-admin/keeper");
    await hub.repo("root-admin/gone");
    const [kept, garbage] = [randomBytes(100), randomBytes(200)];
    for (const [repo, bytes] of [
      ["root-admin/keeper", kept],
      ["root-admin/gone", garbage],
    ] as const) {
      await sendBytes("PUT", (await uploadAction(hub, repo, announced(bytes), ["basic"])).href, bytes);
    }
    const token = hub.adminToken;
    expect((await hub.call("POST", GC, { token, body: { dry_run: true } })).json.quarantined).toEqual({
      count: 0,
      bytes: 0,
    });
    await hub.call("DELETE", "/api/repos/delete", { token, body: { organization: "root-admin", name: "gone" } });
    const { oid } = announced(garbage);
    const dry = await hub.call("POST", GC, { token, body: { dry_run: true } });
    expect([dry.json.dry_run, dry.json.oids.quarantined]).toEqual([true, [oid]]);
    const real = await hub.call("POST", GC, { token, body: {} });
    expect([real.json.dry_run, real.json.oids.quarantined, real.json.removed.count]).toEqual([false, [oid], 0]);
    const back = await hub.call("POST", `${GC}/restore`, { token, body: { oids: [oid] } });
    expect([back.status, back.json]).toEqual([200, { count: 1, restored: [oid] }]);
  });

  it.each([[{ dry_run: "yes" }], [{ allow_empty_tables: 1 }]])("refuses %j", async (body) => {
    expect((await hub.call("POST", GC, { token: hub.adminToken, body })).status).toBe(400);
  });

  it.each([[{}], [{ oids: ["../../etc"] }], [{ oids: "all" }], [{ all: "true" }]])(
    "refuses to restore %j",
    async (body) => {
      expect((await hub.call("POST", `${GC}/restore`, { token: hub.adminToken, body })).status).toBe(400);
    },
  );
});
