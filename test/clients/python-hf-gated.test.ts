import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { pythonCheckout, runPython } from "./python-hf.ts";

describe.skipIf(pythonCheckout === undefined)("the unmodified Python client on a gated repo", () => {
  let hub: RunningHub;
  let folder: TemporaryFolder;
  let ada: string;
  let eve: string;

  beforeAll(async () => {
    hub = await startHub();
    ada = await hub.user("ada");
    eve = await hub.user("eve");
    await hub.repo("ada/gated", { token: ada });
    folder = temporaryFolder("python-gated");
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it("gates, asks, lists, accepts, cancels, rejects and grants", async () => {
    const script = `
import os
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError
ada = HfApi(token=os.environ["ADA"])
eve = HfApi(token=os.environ["EVE"])
repo = "ada/gated"
ada.update_repo_settings(repo, gated="manual")
print("gated", ada.model_info(repo).gated)

def tries(label):
    for name, call in [
        ("head", lambda: eve.get_hf_file_metadata(url=os.environ["HF_ENDPOINT"] + "/" + repo + "/resolve/main/.gitattributes")),
        ("download", lambda: eve.hf_hub_download(repo, ".gitattributes", cache_dir=label)),
        ("auth", lambda: eve.auth_check(repo)),
    ]:
        try:
            call()
            print(label, name, "ok")
        except GatedRepoError as error:
            print(label, name, "gated", error.response.status_code)

tries("stranger")
print("exists", eve.repo_exists(repo))
from huggingface_hub.utils import get_session
get_session().post(os.environ["HF_ENDPOINT"] + "/api/models/" + repo + "/user-access-request", headers=eve._build_hf_headers(), json={}).raise_for_status()
print("pending", [(r.username, r.fullname, r.status) for r in ada.list_pending_access_requests(repo)])
ada.accept_access_request(repo, "eve")
tries("accepted")
print("accepted", [r.username for r in ada.list_accepted_access_requests(repo)])
try:
    ada.accept_access_request(repo, "eve")
except HfHubHTTPError as error:
    print("again", error.response.status_code)
ada.cancel_access_request(repo, "eve")
tries("cancelled")
ada.reject_access_request(repo, "eve", rejection_reason="no")
print("rejected", [r.username for r in ada.list_rejected_access_requests(repo)])
ada.grant_access(repo, "eve")
tries("granted")
try:
    ada.grant_access(repo, "eve")
except HfHubHTTPError as error:
    print("again", error.response.status_code)
try:
    eve.grant_access(repo, "eve")
except HfHubHTTPError as error:
    print("stranger grants", error.response.status_code)
ada.update_repo_settings(repo, gated=False)
print("gated", ada.model_info(repo).gated)
`;
    const ran = await runPython(script, {
      home: folder.path,
      env: { HF_ENDPOINT: hub.url, ADA: ada, EVE: eve },
    });
    expect(ran.code, ran.stderr).toBe(0);
    const gated = (label: string) => ["head", "download", "auth"].map((name) => `${label} ${name} gated 403`);
    const open = (label: string) => ["head", "download", "auth"].map((name) => `${label} ${name} ok`);
    expect(ran.stdout.trim().split("\n")).toEqual([
      "gated manual",
      ...gated("stranger"),
      "exists True",
      "pending [('eve', 'eve', 'pending')]",
      ...open("accepted"),
      "accepted ['eve']",
      "again 404",
      ...gated("cancelled"),
      "rejected ['eve']",
      ...open("granted"),
      "again 400",
      "stranger grants 403",
      "gated False",
    ]);
  });
});
