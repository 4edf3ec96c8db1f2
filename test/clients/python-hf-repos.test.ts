import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareEnvironment, runCommand } from "../harness/run-command.ts";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { pythonCheckout, pythonEnvironment } from "./python-hf.ts";

/** One life of a repo, told in the client's own calls; prints what it saw as JSON. */
const SCRIPT = `
import io, json, os
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError

api = HfApi(endpoint=os.environ["HF_ENDPOINT"], token=os.environ["TOKEN"])
seen = {}
card = b"---\\nlicense: mit\\nlanguage: en\\ntags: [tiny]\\npipeline_tag: text-classification\\n---\\n# Card\\n"
api.create_repo("ada/first")
api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="ada/first")
api.upload_file(path_or_fileobj=os.urandom(11_000_000), path_in_repo="big/model.bin", repo_id="ada/first")
api.move_repo("ada/first", "ada/second")
api.move_repo("ada/second", "ada/third")
# Everything by the first name, through the redirect: HEAD and GET, the API, a commit with a body.
seen["downloaded"] = os.path.getsize(hf_hub_download("ada/first", "big/model.bin", token=os.environ["TOKEN"]))
seen["info"] = api.model_info("ada/first").id
seen["commit"] = api.upload_file(path_or_fileobj=b"later", path_in_repo="later.txt", repo_id="ada/first").oid is not None
seen["files"] = sorted(api.list_repo_files("ada/second"))
seen["tree"] = sorted((e.path, e.last_commit.title) for e in api.list_repo_tree("ada/third", expand=True))
commits = api.list_repo_commits("ada/third", formatted=True)
seen["commits"] = [commits[0].title, commits[0].formatted_title, len(commits)]
seen["duplicate"] = str(api.duplicate_repo("ada/third", "ada/copy", exist_ok=False))
seen["again"] = str(api.duplicate_repo("ada/third", "ada/copy", exist_ok=True))
api.super_squash_history("ada/copy", commit_message="one")
seen["squashed"] = [c.title for c in api.list_repo_commits("ada/copy")]
lfs = list(api.list_lfs_files("ada/copy"))
seen["lfs"] = [(f.filename, f.size) for f in lfs]
api.permanently_delete_lfs_files("ada/copy", lfs)
seen["lfs_after"] = len(list(api.list_lfs_files("ada/copy")))
seen["kept"] = len(list(api.list_lfs_files("ada/third")))
ids = lambda **query: [m.id for m in api.list_models(**query)]
seen["listed"] = [ids(author="ada", sort="last_modified"), ids(filter=["tiny", "license:mit"], search="third"), ids(pipeline_tag="summarization"), ids(limit=1, full=True)]
api.auth_check("ada/third")
api.update_repo_settings("ada/third", private=True)
try:
    HfApi(endpoint=os.environ["HF_ENDPOINT"], token=False).model_info("ada/first")
except RepositoryNotFoundError as error:
    seen["hidden"] = "RepositoryNotFoundError"
try:
    api.upload_file(path_or_fileobj=b"---\\n{a: [\\n---\\n", path_in_repo="README.md", repo_id="ada/third")
except (HfHubHTTPError, ValueError) as error:
    seen["bad_card"] = "metadata" in str(error).lower()
seen["tags"] = sorted(api.get_model_tags())
api.delete_repo("ada/copy")
api.delete_repo("ada/copy", missing_ok=True)
print(json.dumps(seen))
`;

// The unmodified Python client, from the checkout that POSTERN_TEST_PYTHON_HF names (docs/guides/testing.md).
describe.skipIf(pythonCheckout === undefined)("the unmodified Python client", () => {
  let hub: RunningHub;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    hub = await startHub();
    folder = temporaryFolder("python-repos");
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it("moves, duplicates, squashes, lists and cleans up repos", async () => {
    const script = path.join(folder.path, "life.py");
    writeFileSync(script, SCRIPT);
    const { code, stdout, stderr } = await runCommand("/usr/bin/python3", [script], {
      env: {
        ...bareEnvironment(folder.path),
        ...pythonEnvironment(folder.path, pythonCheckout ?? ""),
        HF_ENDPOINT: hub.url,
        TOKEN: await hub.user("ada"),
      },
      cwd: folder.path,
    });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      downloaded: 11_000_000,
      info: "ada/third",
      commit: true,
      files: [".gitattributes", "README.md", "big/model.bin", "later.txt"],
      commits: ["Upload later.txt with huggingface_hub", "Upload later.txt with huggingface_hub", 4],
      duplicate: `${hub.url}/ada/copy`,
      again: `${hub.url}/ada/copy`,
      squashed: ["one"],
      lfs: [["big/model.bin", 11_000_000]],
      lfs_after: 0,
      kept: 1,
      listed: [["ada/copy", "ada/third"], ["ada/third"], [], ["ada/copy"]],
      hidden: "RepositoryNotFoundError",
      bad_card: true,
      tags: expect.arrayContaining(["license", "pipeline_tag"]),
    });
  });
});
