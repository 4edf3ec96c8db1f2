import { createHash } from "node:crypto";
import { HubApiError } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { ERROR_CASES, type JsCall, type Who } from "./client-errors.ts";
import { pythonCheckout, runPython } from "./python-hf.ts";

const REPO = "ada/train";

let hub: RunningHub;
let first: string;
const tokens: Record<Who, string | undefined> = {
  nobody: undefined,
  ada: undefined,
  eve: undefined,
  reader: undefined,
  bad: "hf_notatokenofthishub",
};

beforeAll(async () => {
  hub = await startHub({ limits: { refusedPerMinute: 1 } });
  const token = await hub.user("ada");
  tokens.ada = token;
  tokens.eve = await hub.user("eve");
  tokens.reader = (
    await hub.call("POST", "/api/postern/v1/tokens", { token: hub.adminToken, body: { user: "ada", role: "read" } })
  ).json.token;
  for (const repo of [REPO, "ada/gated", "ada/off"]) await hub.repo(repo, { token });
  await hub.repo("ada/secret", { token, private: true });
  first = (await hub.call("GET", `/api/models/${REPO}`)).json.sha;
  for (const repo of [REPO, "ada/gated"]) {
    const body =
      '{"key":"header","value":{"summary":"x"}}\n{"key":"file","value":{"path":"config.json","content":"{}"}}';
    expect((await hub.call("POST", `/api/models/${repo}/commit/main`, { token, body })).status).toBe(200);
  }
  await hub.call("POST", `/api/models/${REPO}/tag/main`, { token, body: { tag: "v1", message: "annotated" } });
  await hub.call("PUT", "/api/models/ada/gated/settings", { token, body: { gated: "manual" } });
  const off = (by: string) => hub.call("PUT", "/api/models/ada/off/settings", { token: by, body: { disabled: true } });
  expect((await off(token)).status).toBe(403);
  expect((await off(hub.adminToken)).json.disabled).toBe(true);
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

describe("a repo that an administrator took off", () => {
  it("is closed to its owner everywhere, with the URLs from before, until it is put back", async () => {
    const token = tokens.ada ?? "";
    const settings = (disabled: boolean) =>
      hub.call("PUT", "/api/models/ada/off/settings", { token: hub.adminToken, body: { disabled } });
    await settings(false);
    const bytes = "large";
    const oid = createHash("sha256").update(bytes).digest("hex");
    const batch = (operation: string) =>
      hub.call("POST", "/ada/off.git/info/lfs/objects/batch", {
        token,
        body: { operation, transfers: ["basic"], objects: [{ oid, size: bytes.length }] },
      });
    const up = (await batch("upload")).json.objects[0].actions.upload.href;
    expect((await fetch(up, { method: "PUT", body: bytes })).status).toBe(200);
    const down = (await batch("download")).json.objects[0].actions.download.href;
    expect((await fetch(down)).status).toBe(200);
    await settings(true);
    for (const [method, path] of [
      ["GET", "/api/models/ada/off"],
      ["HEAD", "/ada/off/resolve/main/.gitattributes"],
      ["GET", "/ada/off/info/refs?service=git-upload-pack"],
      ["GET", "/ada/off/info/refs?service=git-receive-pack"],
      ["POST", "/api/models/ada/off/branch/x"],
      ["PUT", "/api/models/ada/off/settings"],
      ["GET", "/api/models/ada/off/discussions"],
      ["GET", "/api/postern/v1/models/ada/off/publishers"],
    ] as const) {
      const answer = await hub.call(method, path, {
        token,
        ...(method === "PUT" ? { body: { disabled: false } } : {}),
      });
      expect([answer.status, answer.headers.get("x-error-message")], `${method} ${path}`).toEqual([
        403,
        "Access to this resource is disabled.",
      ]);
    }
    expect((await fetch(down)).status).toBe(403);
    const gone = await hub.call("DELETE", "/api/repos/delete", { token, body: { name: "off", type: "model" } });
    expect(gone.status).toBe(403);
    expect((await hub.call("GET", "/api/models?author=ada", { token })).text).not.toContain("ada/off");
    expect((await hub.call("GET", "/api/models/ada/off", { token: hub.adminToken })).json.disabled).toBe(true);
  });
});

describe("the unmodified JavaScript client", () => {
  const met = ERROR_CASES.flatMap(({ js, ...rest }) => (js === undefined ? [] : [{ ...rest, js }]));

  it.each(met)("raises $status for $name", async ({ who, status, js, words }) => {
    const accessToken = tokens[who];
    const call: JsCall = { hubUrl: hub.url, ...(accessToken === undefined ? {} : { accessToken }) };
    const error: unknown = await js(call, first).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HubApiError);
    expect(error).toMatchObject({ statusCode: status });
    // A HEAD or a range request of this client throws the body away.
    if (words !== undefined && !(error instanceof Error && /^Api error/.test(error.message)))
      expect(String(error)).toMatch(words);
  });
});

describe.skipIf(pythonCheckout === undefined)("the unmodified Python client", () => {
  let folder: TemporaryFolder;
  let raised: Readonly<Record<string, readonly [string, number, string]>>;
  const met = ERROR_CASES.flatMap(({ python, ...rest }) =>
    python === undefined ? [] : [{ ...rest, raises: python[1] }],
  );

  beforeAll(async () => {
    folder = temporaryFolder("python-errors");
    const calls = ERROR_CASES.flatMap(({ name, who, python }) =>
      python === undefined ? [] : [{ name, token: tokens[who] ?? false, expression: python[0] }],
    );
    const script = `
import json, os
from huggingface_hub import HfApi
from huggingface_hub.utils import get_session, hf_raise_for_status
REPO = "${REPO}"
first = os.environ["FIRST"]
EXCHANGE = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token_type": "urn:ietf:params:oauth:token-type:id_token", "subject_token": "e30.e30.AAAA", "resource": REPO}
def raw(method, path, quiet=False, **kwargs):
    response = get_session().request(method, os.environ["HF_ENDPOINT"] + path, **kwargs)
    if not quiet:
        hf_raise_for_status(response)
found = {}
for call in json.loads(os.environ["CALLS"]):
    api = HfApi(token=call["token"])
    try:
        eval(call["expression"])
        found[call["name"]] = ["nothing", 200, ""]
    except Exception as error:
        response = getattr(error, "response", None)
        found[call["name"]] = [type(error).__name__, 0 if response is None else response.status_code, str(error)]
print(json.dumps(found))
`;
    const env = { HF_ENDPOINT: hub.url, HF_HUB_DISABLE_XET: "1", FIRST: first, CALLS: JSON.stringify(calls) };
    const ran = await runPython(script, { home: folder.path, env });
    expect(ran.code, ran.stderr).toBe(0);
    raised = JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "");
  }, 120_000);
  afterAll(() => folder?.[Symbol.dispose]());

  it.each(met)("raises $raises ($status) for $name", ({ name, raises, status, words }) => {
    const [type, found, message] = raised[name] ?? [];
    expect([type, found], message).toEqual([raises, status]);
    if (words !== undefined) expect(message).toMatch(words);
  });
});
