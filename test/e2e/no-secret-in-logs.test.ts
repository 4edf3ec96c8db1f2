import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";

const logged: string[] = [];
let hub: RunningHub;
/** Every secret that went through the server, by what it is. */
const secrets = new Map<string, string>();
/** Everything that the server said when it refused. */
const refusals: string[] = [];

beforeAll(async () => {
  hub = await startHub({ log: (line) => logged.push(line) });
  secrets.set("administrator's token", hub.adminToken);
  secrets.set("personal token", await hub.user("ada"));
  await hub.repo("ada/model");
  await hub.publisher("models/ada/model", {
    provider: "github",
    issuer: hub.simulator.issuerUrl("github"),
    claims: GITHUB_CLAIMS,
  });
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

function keep(answer: Answer): Answer {
  if (answer.status >= 400) refusals.push(JSON.stringify([...answer.headers]), answer.text);
  return answer;
}

it("a secret sent through every path appears in no log line, no audit entry, no error and not on the disk", async () => {
  const { simulator, url } = hub;
  const good = await simulator.issueToken("github", { audience: url });
  secrets.set("good subject token", good);
  const granted = keep(await hub.exchange(good, "ada/model"));
  expect(granted.status, granted.text).toBe(200);
  const repoToken: string = granted.json.access_token;
  secrets.set("exchanged token", repoToken);

  // Every way of refusing a subject token.
  const subjectTokens = {
    replayed: good,
    "of another branch": await simulator.issueToken("github", { audience: url, claims: { ref: "refs/heads/evil" } }),
    expired: await simulator.issueToken("github", { audience: url, faults: [{ kind: "expired" }] }),
    "for another audience": await simulator.issueToken("github", { audience: "https://elsewhere.example" }),
    "badly signed": await simulator.issueToken("github", { audience: url, faults: [{ kind: "bad-signature" }] }),
    unsigned: await simulator.issueToken("github", { audience: url, faults: [{ kind: "alg-none" }] }),
    "no token at all": "canary-subject-token-canary",
    "with a quote": 'canary"quote\\canary',
  };
  for (const [what, token] of Object.entries(subjectTokens)) {
    secrets.set(`subject token ${what}`, token);
    expect(keep(await hub.exchange(token, "ada/model")).status, what).toBe(400);
    keep(await hub.exchange(token, "not a resource"));
    const form = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: token,
    });
    keep(await hub.call("POST", "/oauth/token", { body: form }));
    keep(
      await hub.call("POST", `/oauth/token?subject_token=${encodeURIComponent(token)}`, {
        body: { grant_type: "password", password: token },
      }),
    );
    keep(
      await hub.call("POST", "/oauth/token", {
        body: `{"subject_token":"${token}`,
        headers: { "content-type": "application/json" },
      }),
    );
  }

  // Credentials of every shape, good and bad, on every kind of route.
  const canaries = [
    "hf_canaryCanaryCanaryCanaryCanaryCanary",
    `hf_jwt_${good}`,
    "hf_oauth_canaryCanaryCanary",
    "canary-no-token",
    repoToken,
  ];
  for (const token of canaries) {
    secrets.set(`bearer ${token.slice(0, 12)}`, token);
    for (const authorization of [
      `Bearer ${token}`,
      `Basic ${Buffer.from(`user:${token}`).toString("base64")}`,
      `Strange ${token}`,
    ]) {
      for (const [method, where] of [
        ["GET", "/api/whoami-v2"],
        ["GET", "/api/models/ada/model"],
        ["GET", "/ada/model/resolve/main/none.txt"],
        ["GET", "/api/postern/v1/users"],
        ["POST", "/api/repos/create"],
        ["POST", "/api/models/ada/model/commit/main"],
        ["POST", "/ada/model.git/info/lfs/objects/batch"],
        ["POST", "/api/postern/v1/tokens"],
        ["GET", "/nowhere"],
      ] as const) {
        keep(
          await hub.call(method, where, {
            headers: { authorization },
            ...(method === "POST" ? { body: { token } } : {}),
          }),
        );
      }
    }
    keep(await hub.call("POST", "/oauth/token", { headers: { authorization: `Bearer ${token}` }, body: {} }));
  }

  // A signed upload URL is a credential too.
  const content = Buffer.from("large file");
  const oid = createHash("sha256").update(content).digest("hex");
  const batch = await hub.call("POST", "/ada/model.git/info/lfs/objects/batch", {
    token: hub.adminToken,
    body: JSON.stringify({
      operation: "upload",
      transfers: ["basic"],
      hash_algo: "sha256",
      objects: [{ oid, size: content.length }],
    }),
    headers: { "content-type": "application/vnd.git-lfs+json" },
  });
  expect(batch.status, batch.text).toBe(200);
  const href = new URL(batch.json.objects[0].actions.upload.href);
  const signature = [...href.searchParams.values(), ...href.pathname.split("/")]
    .sort((a, b) => b.length - a.length)
    .find((value) => value !== oid);
  if (signature === undefined || signature.length < 32) throw new Error("the signed URL carries no signature");
  secrets.set("signature of an upload URL", signature);
  await fetch(href, { method: "PUT", body: "wrong bytes" }).then((response) => response.text());
  await fetch(href, { method: "PUT", body: content }).then((response) => response.text());

  keep(await hub.call("POST", "/oauth/revoke", { body: new URLSearchParams({ token: repoToken }) }));
  keep(await hub.call("POST", "/api/credentials/revoke", { body: { credentials: canaries } }));

  const audit = await hub.call("GET", "/api/postern/v1/audit", { token: hub.adminToken });
  expect(audit.status).toBe(200);
  expect(audit.text.split("\n").length, "the audit log has entries").toBeGreaterThan(10);
  expect(logged.length, "the log has lines").toBeGreaterThan(50);
  const disk = globSync(path.join(hub.dataDir, "*.db*")).map((file) => readFileSync(file).toString("latin1"));
  const places = {
    "the log": logged.join("\n"),
    "the audit log": audit.text,
    "an error": refusals.join("\n"),
    "the database": disk.join("\n"),
  };
  for (const [what, secret] of secrets) {
    // A JWT must not leak in parts either: its signature alone is enough to tell.
    const parts = [secret, ...secret.split(".").filter((part) => part.length > 40)];
    for (const [place, text] of Object.entries(places)) {
      // What the caller sent as plain words may be named in the caller's own error, cut short; tokens may not.
      for (const part of parts) expect(text.includes(part), `${what} in ${place}`).toBe(false);
    }
  }
});
