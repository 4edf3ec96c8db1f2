import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

const API = "/api/postern/v1";
const REPO = "root-admin/open";

let hub: RunningHub;
let ada: string;
beforeAll(async () => {
  hub = await startHub();
  await hub.repo(REPO);
  ada = await hub.user("ada");
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

interface ShownIssuer {
  readonly id: string;
  readonly url: string;
  readonly confirmed_keys?: readonly string[];
  readonly held_keys?: readonly string[];
}

async function issuer(): Promise<ShownIssuer> {
  const { json } = await hub.call("GET", `${API}/issuers`, { token: hub.adminToken });
  const all: readonly ShownIssuer[] = JSON.parse(JSON.stringify(json.issuers));
  const found = all.find(({ url }) => url === hub.simulator.issuerUrl("github"));
  if (found === undefined) throw new Error("no issuer");
  return found;
}

const token = (): Promise<string> => hub.simulator.issueToken("github", { audience: hub.url });
const exchange = async (): Promise<Answer> => hub.exchange(await token(), REPO);

async function confirm(keys: unknown, by = hub.adminToken): Promise<Answer> {
  return hub.call("POST", `${API}/issuers/${(await issuer()).id}/confirm-keys`, { token: by, body: { keys } });
}

async function hold(on: unknown, by = hub.adminToken): Promise<Answer> {
  return hub.call("PATCH", `${API}/issuers/${(await issuer()).id}`, { token: by, body: { hold_keys: on } });
}

async function entries(event: string): Promise<readonly Record<string, unknown>[]> {
  const { text } = await hub.call("GET", `${API}/audit?limit=1000`, { token: hub.adminToken });
  const all: readonly Record<string, unknown>[] = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return all.filter((entry) => entry.event === event);
}

describe("the keys of an issuer that are held", () => {
  it("earn nothing until an administrator confirms exactly these, and everything afterwards", async () => {
    await hub.publisher(`models/${REPO}`, {
      provider: "github",
      issuer: hub.simulator.issuerUrl("github"),
      claims: GITHUB_CLAIMS,
    });
    expect((await exchange()).status).toBe(200);
    expect((await hold(true, ada)).status).toBe(403);
    expect((await hold("yes")).json).toMatchObject({ code: "invalid_field", field: "/hold_keys" });
    const held = await hold(true);
    expect(held.json).toMatchObject({ hold_keys: true, confirmed_keys: [expect.any(String)], held_keys: [] });
    const granted = await exchange();
    expect(granted.status).toBe(200);

    await hub.simulator.rotateKeys("github");
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const refused = await exchange();
      expect([refused.status, refused.json]).toMatchObject([400, { error: "invalid_grant", code: "TP1304" }]);
    }
    const signed = await token();
    const forged = `${signed.slice(0, -8)}${signed.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA"}`;
    expect((await hub.exchange(forged, REPO)).json.code).toBe("TP1302");
    const { held_keys: waiting = [], confirmed_keys: old } = await issuer();
    expect(waiting).toHaveLength(1);
    expect(await entries("issuer.keys_held")).toMatchObject([{ outcome: "denied", detail: { held: waiting, old } }]);
    expect(await entries("issuer.keys_changed")).toEqual([]);

    expect((await confirm(waiting, ada)).status).toBe(403);
    expect((await confirm(waiting, String(granted.json.access_token))).status).toBe(403);
    expect((await confirm(["A".repeat(43)])).status).toBe(409);
    expect((await confirm([])).json).toMatchObject({ code: "invalid_field", field: "/keys" });
    expect((await exchange()).json.code).toBe("TP1304");

    expect((await confirm(waiting)).json).toMatchObject({ confirmed_keys: waiting, held_keys: [] });
    expect((await exchange()).status).toBe(200);
    expect((await entries("issuer.confirm-keys")).filter(({ outcome }) => outcome === "allowed")).toMatchObject([
      { resource: `issuers/${(await issuer()).id}`, detail: { confirmed_keys: waiting, added: waiting } },
    ]);
  });

  it("are used at once when nobody holds them any more", async () => {
    expect((await hold(false)).json).not.toHaveProperty("hold_keys");
    expect((await confirm(["A".repeat(43)])).json.code).toBe("conflict");
    expect((await exchange()).status).toBe(200);
  });

  it("are those that an issuer shows when it is added so", async () => {
    const body = {
      provider: "forgejo",
      url: hub.simulator.issuerUrl("forgejo"),
      allow_origins: [hub.simulator.origin],
      hold_keys: true,
    };
    const added = await hub.call("POST", `${API}/issuers`, { token: hub.adminToken, body });
    expect(added.status, added.text).toBe(201);
    expect(added.json).toMatchObject({ hold_keys: true, held_keys: [] });
    expect(added.json.confirmed_keys).toHaveLength(1);
  });
});
