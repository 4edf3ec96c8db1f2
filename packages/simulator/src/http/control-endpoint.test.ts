import { request } from "node:http";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../index.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const control = (path: string, init?: RequestInit): Promise<Response> => fetch(`${simulator.origin}${path}`, init);

test("faults are set, listed and cleared over HTTP", async () => {
  const put = (body: string) => control("/gitlab/control/faults", { method: "PUT", body });
  const set = await put('{"faults":["expired","slow-jwks:5000"]}');
  expect(await set.json()).toEqual({ faults: ["expired", "slow-jwks:5000"] });
  expect(simulator.faults("gitlab")).toEqual([{ kind: "expired" }, { kind: "slow-jwks", delayMs: 5000 }]);
  expect(await (await control("/gitlab/control/faults")).json()).toMatchObject({
    faults: ["expired", "slow-jwks:5000"],
  });
  expect(simulator.faults("github")).toEqual([]);
  await put('{"faults":[]}');
  expect(simulator.faults("gitlab")).toEqual([]);
});

test.each([
  "",
  "{",
  "[]",
  "null",
  '{"faults":"expired"}',
  '{"faults":[1]}',
  '{"faults":["nonsense"]}',
  " ".repeat(70_000),
])("refuses a malformed list of faults", async (body) => {
  const answer = await control("/github/control/faults", { method: "PUT", body });
  expect(answer.status).toBe(400);
  expect(simulator.faults("github")).toEqual([]);
});

test("a token is had with curl", async () => {
  const query = "audience=https://hub.example&claim=repository=globex/model&claim=extra:=1&fault=expired";
  const { value } = await (await control(`/github/control/token?${query}`)).json();
  const token = decodeJwt(value);
  expect(token).toMatchObject({ aud: "https://hub.example", repository: "globex/model", extra: 1 });
  expect(token.exp).toBeLessThan(Date.now() / 1000);
  expect((await control("/github/control/token?claim=nonsense")).status).toBe(400);
  expect((await control("/github/control/token?fault=nonsense")).status).toBe(400);
});

test("keys are rotated over HTTP", async () => {
  const kids = async (path: string): Promise<readonly string[]> => {
    const { keys } = await (await control(path, { method: "POST" })).json();
    return keys.map((key: { readonly kid: string }) => key.kid);
  };
  const [first] = await kids("/github/control/keys");
  expect(await kids("/github/control/keys?keep_old=true")).toEqual([expect.not.stringMatching(first ?? "-"), first]);
});

test("the request log is read over HTTP", async () => {
  await control("/gitlab/oauth/discovery/keys");
  const { requests } = await (await control("/gitlab/control/requests")).json();
  expect(requests).toContainEqual(expect.objectContaining({ path: "/gitlab/oauth/discovery/keys", endpoint: "jwks" }));
});

test("a web page can neither mint nor break anything", async () => {
  expect((await control("/github/control/token", { headers: { origin: "https://evil.example" } })).status).toBe(403);
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  // A name that resolves to this machine (DNS rebinding) shows in Host; fetch would not let us choose it.
  request(`${simulator.origin}/github/control/token`, { headers: { host: "evil.example" } }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  }).end();
  expect(await promise).toBe(403);
});

test("an unknown action answers 404", async () => {
  expect((await control("/github/control/nonsense")).status).toBe(404);
  expect((await control("/github/control/token", { method: "DELETE" })).status).toBe(404);
});
