import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../harness/temporary-folder.ts";
import { pythonCheckout, runPython } from "./python-hf.ts";

const SCRIPT = `
import os
from huggingface_hub import HfApi, CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError
ada = HfApi(token=os.environ["ADA"])
eve = HfApi(token=os.environ["EVE"])
repo = "ada/train"

def refused(label, call):
    try:
        call()
        print(label, "ok")
    except HfHubHTTPError as error:
        print(label, error.response.status_code)

made = eve.create_commit(repo, operations=[CommitOperationAdd("a.txt", b"a"), CommitOperationAdd("w.bin", os.urandom(11_000_000))], commit_message="from eve", create_pr=True)
print("pr", made.pr_revision, made.pr_num)
details = ada.get_discussion_details(repo, made.pr_num)
print("details", details.title, details.status, details.is_pull_request, details.target_branch, details.conflicting_files, details.git_reference, details.author)
print("events", sorted(type(e).__name__ for e in details.events), "+a" in details.diff)
eve.upload_file(path_or_fileobj=b"b", path_in_repo="b.txt", repo_id=repo, revision=made.pr_revision)
refused("eve merges", lambda: eve.merge_pull_request(repo, made.pr_num))
ada.merge_pull_request(repo, made.pr_num, comment="thanks")
print("merged", ada.get_discussion_details(repo, made.pr_num).status, sorted(ada.list_repo_files(repo)))
print("size", ada.get_paths_info(repo, ["w.bin"])[0].lfs.size)
again = eve.upload_file(path_or_fileobj=b"c", path_in_repo="c.txt", repo_id=repo, create_pr=True)
print("upload", again.pr_num, [r.ref for r in eve.list_repo_refs(repo, include_pull_requests=True).pull_requests])

draft = eve.create_pull_request(repo, title="A draft", description="empty")
print("draft", draft.num, draft.status)
refused("merge a draft", lambda: ada.merge_pull_request(repo, draft.num))
print(eve.change_discussion_status(repo, draft.num, "open").new_status)
ada.merge_pull_request(repo, draft.num)

talk = eve.create_discussion(repo, title="A question", description="why?")
said = eve.comment_discussion(repo, talk.num, comment="hello")
print("comment", said.content, said.edited, said.hidden)
edited = eve.edit_discussion_comment(repo, talk.num, said.id, new_content="hello again")
print("edited", edited.content, edited.edited, edited.number_of_edits, edited.last_edited_by)
hidden = eve.hide_discussion_comment(repo, talk.num, said.id)
print("hidden", hidden.hidden, repr(hidden.content))
title = eve.rename_discussion(repo, talk.num, new_title="Another question")
print("title", title.old_title, "->", title.new_title)
closed = ada.change_discussion_status(repo, talk.num, "closed", comment="answered")
print("status", closed.new_status)
print("list", [(d.num, d.status) for d in ada.get_repo_discussions(repo)])
print("pulls", [d.num for d in ada.get_repo_discussions(repo, discussion_type="pull_request")])
print("open", [d.num for d in ada.get_repo_discussions(repo, discussion_status="open")])
print("author", [d.num for d in ada.get_repo_discussions(repo, author="ada")])
refused("no such", lambda: ada.get_discussion_details(repo, 99))
`;

describe.skipIf(pythonCheckout === undefined)("the unmodified Python client", () => {
  let hub: RunningHub;
  let folder: TemporaryFolder;

  beforeAll(async () => {
    hub = await startHub();
    folder = temporaryFolder("python-pulls");
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it("opens, reads, discusses and merges pull requests", async () => {
    const ada = await hub.user("ada");
    const eve = await hub.user("eve");
    await hub.repo("ada/train", { token: ada });
    const env = { HF_ENDPOINT: hub.url, HF_HUB_DISABLE_XET: "1", ADA: ada, EVE: eve };
    const ran = await runPython(SCRIPT, { home: folder.path, env });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout.trim().split("\n")).toEqual([
      "pr refs/pr/1 1",
      "details from eve open True refs/heads/main [] refs/pr/1 eve",
      "events ['DiscussionComment', 'DiscussionCommit'] True",
      "eve merges 403",
      "merged merged ['.gitattributes', 'a.txt', 'b.txt', 'w.bin']",
      "size 11000000",
      "upload 2 ['refs/pr/1', 'refs/pr/2']",
      "draft 3 draft",
      "merge a draft 409",
      "open",
      "comment hello False False",
      "edited hello again True 1 eve",
      "hidden True ''",
      "title A question -> Another question",
      "status closed",
      "list [(4, 'closed'), (3, 'merged'), (2, 'open'), (1, 'merged')]",
      "pulls [3, 2, 1]",
      "open [2]",
      "author []",
      "no such 404",
    ]);
  });
});
