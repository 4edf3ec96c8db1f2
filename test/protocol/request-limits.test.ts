import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

let hub: RunningHub;
let ada: string;
beforeAll(async () => {
  hub = await startHub({ requestLimits: { api: 12, apiAnonymous: 5, resolveAnonymous: 3 } });
  await hub.repo("root-admin/open");
  ada = await hub.user("ada");
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

const API = "/api/models/root-admin/open";
const FILE = "/root-admin/open/resolve/main/.gitattributes";

async function until429(path: string, token: string | undefined, method = "GET"): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let count = 0; count < 40; count++) {
    const answer = await hub.call(method, path, { token });
    answers.push(answer);
    if (answer.status === 429) break;
  }
  return answers;
}

describe("the limits of requests", () => {
  it("count down for an address in headers that the Python client reads, and end in a 429 that says how long to wait", async () => {
    const answers = await until429(API, undefined);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    for (const [index, { headers }] of answers.entries()) {
      // The client's own expressions (hub-wire §1.2).
      const limit = /"(\w+)"\s*;\s*r\s*=\s*(\d+)\s*;\s*t\s*=\s*(\d+)/.exec(headers.get("ratelimit") ?? "");
      expect(limit?.slice(1, 3)).toEqual(["api", String(Math.max(0, 4 - index))]);
      expect(Number(limit?.[3])).toBeGreaterThan(0);
      expect(/q\s*=\s*(\d+).*?w\s*=\s*(\d+)/.exec(headers.get("ratelimit-policy") ?? "")?.slice(1)).toEqual([
        "5",
        "300",
      ]);
    }
    const last = answers.at(-1);
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(290);
    expect(last?.json).toMatchObject({ code: "TooManyRequests" });
    expect(last?.headers.get("x-error-message")).toContain("With a token you may make more");
  });

  it("count files apart from calls, HEAD like GET", async () => {
    expect((await until429(FILE, undefined, "HEAD")).map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  });

  it("give no fresh share to a token that is not valid", async () => {
    for (const token of ["hf_invented1", "hf_invented2"])
      expect((await hub.call("GET", API, { token })).status).toBe(429);
  });

  it("are an account's own, whichever of its tokens is used, and leave others alone", async () => {
    const second = await hub.call("POST", "/api/postern/v1/tokens", {
      token: hub.adminToken,
      body: { user: "ada", role: "read" },
    });
    await until429(API, ada);
    expect((await hub.call("GET", API, { token: second.json.token })).status).toBe(429);
    expect((await hub.call("GET", API, { token: hub.adminToken })).status).toBe(200);
  });

  it("do not touch what has none: the exchange, our own management calls, a limit of 0", async () => {
    const issuer = hub.simulator.issuerUrl("github");
    const claims = { provider: "github", issuer, claims: GITHUB_CLAIMS };
    expect((await hub.publisher("models/root-admin/open", claims)).status).toBe(201);
    const exchanged = await hub.exchange(
      await hub.simulator.issueToken("github", { audience: hub.url }),
      "root-admin/open",
    );
    expect(exchanged.status).toBe(200);
    expect(exchanged.headers.get("ratelimit")).toBeNull();
    expect((await hub.call("GET", FILE, { token: ada })).headers.get("ratelimit")).toBeNull();
  });
});
