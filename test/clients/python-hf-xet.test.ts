import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { pythonCheckout, pythonEnvironment, runPython } from "./python-hf.ts";

/**
 * What `hf_xet` 1.6.0 does with the address of the token, seen by running it: it follows redirects, sends the headers that it was given,
 * and says no more of a refusal than its status and the address where it ended.
 */
const STAND_IN = `
import urllib.error, urllib.request

COMPUTE_SHA256 = object()
SKIP_SHA256 = object()

class _Commit:
    def __init__(self, url, headers):
        request = urllib.request.Request(url, headers=headers)
        try:
            urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            raise ConnectionError(
                f"Network error: Request error: HTTP status client error ({error.code} {error.reason}), domain: {error.geturl()}"
            ) from None
        raise AssertionError("a Xet token was given out")

class XetSession:
    def new_upload_commit(self, *, token_refresh_url, token_refresh_headers, **_ignored):
        return _Commit(token_refresh_url, token_refresh_headers)
    def new_file_download_group(self, **_ignored):
        raise AssertionError("a download by Xet")
    def sigint_abort(self):
        pass
`;

/** A folder with the real `hf_xet`, for whoever has one: `pip install --target FOLDER hf-xet`. */
const realXet: string | undefined = process.env.POSTERN_TEST_HF_XET;

describe.skipIf(pythonCheckout === undefined)("the unmodified Python client with hf_xet installed", () => {
  let hub: RunningHub;
  let folder: TemporaryFolder;
  let ada: string;

  beforeAll(async () => {
    hub = await startHub();
    ada = await hub.user("ada");
    await hub.repo("ada/train", { token: ada });
    folder = temporaryFolder("xet");
    const standIn = path.join(folder.path, "stand-in");
    mkdirSync(path.join(standIn, "hf_xet"), { recursive: true });
    mkdirSync(path.join(standIn, "hf_xet-1.6.0.dist-info"));
    writeFileSync(path.join(standIn, "hf_xet", "__init__.py"), STAND_IN);
    writeFileSync(
      path.join(standIn, "hf_xet-1.6.0.dist-info", "METADATA"),
      "Metadata-Version: 2.1\nName: hf-xet\nVersion: 1.6.0\n",
    );
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  async function run(program: string, xet: string, extra: NodeJS.ProcessEnv = {}): Promise<string> {
    const { PYTHONPATH } = pythonEnvironment(folder.path, pythonCheckout ?? "");
    const preamble = `
import os
from huggingface_hub import HfApi
from huggingface_hub.utils._runtime import is_xet_available
api = HfApi()
os.makedirs("source", exist_ok=True)
open("source/weights.bin", "wb").write(os.urandom(30000))
print(is_xet_available())
def tries(call):
    try:
        print("ok", type(call()).__name__)
    except Exception as error:
        print(type(error).__name__, error)
`;
    const { code, stdout, stderr } = await runPython(`${preamble}${program}`, {
      home: folder.path,
      env: { HF_ENDPOINT: hub.url, HF_TOKEN: ada, PYTHONPATH: `${PYTHONPATH}:${xet}`, ...extra },
    });
    expect(code, stderr).toBe(0);
    return stdout.trim();
  }

  describe.each([
    ["a stand-in for it", () => path.join(folder.path, "stand-in"), false],
    ["the real one", () => realXet ?? "", realXet === undefined],
  ] as const)("(%s)", (_which, xet, missing) => {
    it.skipIf(missing)("is told in one line what to set, and then uploads", async () => {
      const uploads = `
tries(lambda: api.upload_file(repo_id="ada/train", path_in_repo="a.bin", path_or_fileobj="source/weights.bin"))
tries(lambda: api.upload_folder(repo_id="ada/train", folder_path="source"))
`;
      const [available, ...refused] = (await run(uploads, xet())).split("\n");
      expect(available).toBe("True");
      expect(refused).toHaveLength(2);
      for (const line of refused) {
        expect(line).toMatch(/^\w+Error .*404 Not Found/);
        expect(line).toContain("/this-hub-has-no-xet-storage/set-HF_HUB_DISABLE_XET=1-and-try-again");
      }
      expect(await run(uploads, xet(), { HF_HUB_DISABLE_XET: "1" })).toBe("False\nok CommitInfo\nok CommitInfo");
    });

    it.skipIf(missing)("needs nothing set for small files and for downloads", async () => {
      const program = `
tries(lambda: api.upload_file(repo_id="ada/train", path_in_repo="a.txt", path_or_fileobj=b"small"))
tries(lambda: api.upload_file(repo_id="ada/train", path_in_repo="read.bin", path_or_fileobj=open("source/weights.bin", "rb")))
tries(lambda: open(api.hf_hub_download("ada/train", "read.bin", force_download=True), "rb").read())
`;
      // A stream is sent by LFS even then.
      expect(await run(program, xet())).toBe("True\nok CommitInfo\nok CommitInfo\nok bytes");
    });
  });
});
