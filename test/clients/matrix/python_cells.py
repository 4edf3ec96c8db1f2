"""Tries cells of the matrix with the unmodified Python client: a lane as JSON on standard input, its outcomes as JSON on standard output."""

import json
import os
import sys

from huggingface_hub import CommitOperationAdd, HfApi

lane = json.load(sys.stdin)
repo = lane["repo"]
folder = lane["folder"]


def read_whole(api, label, name, content):
    got = api.hf_hub_download(repo, name, cache_dir=os.path.join(folder, "cache-" + label))
    with open(got, "rb") as file:
        assert file.read() == content.encode(), name + ": other bytes"


def upload(api, label):
    source = os.path.join(folder, "source-" + label)
    os.makedirs(source, exist_ok=True)
    for name, content in [(label + ".txt", label.encode()), (label + ".bin", os.urandom(5000))]:
        with open(os.path.join(source, name), "wb") as file:
            file.write(content)
    api.upload_folder(repo_id=repo, folder_path=source)


def pull_request(api, label):
    change = CommitOperationAdd(label + "-pull.txt", label.encode())
    api.create_commit(repo, [change], commit_message="A change", create_pr=True)


OPERATIONS = {
    "whoami": lambda api, label: api.whoami(),
    "info": lambda api, label: api.model_info(repo),
    "list the tree": lambda api, label: list(api.list_repo_tree(repo, recursive=True)),
    "check access": lambda api, label: api.auth_check(repo),
    "download a small file": lambda api, label: read_whole(api, label, **lane["small"]),
    "download a large file": lambda api, label: read_whole(api, label, **lane["large"]),
    "upload small and large files": upload,
    "create a branch": lambda api, label: api.create_branch(repo, branch=label),
    "delete a file": lambda api, label: api.delete_file("to-delete/" + label, repo),
    "open a pull request": pull_request,
    "open a discussion": lambda api, label: api.create_discussion(repo, title="A question", description="Why?"),
    "list discussions": lambda api, label: list(api.get_repo_discussions(repo)),
    "change settings": lambda api, label: api.update_repo_settings(repo, private=lane["access"] == "private"),
    "delete the repo": lambda api, label: api.delete_repo(repo),
}


def attempt(cell):
    token = lane["tokens"].get(cell["bearer"])
    api = HfApi(token=token)
    try:
        OPERATIONS[cell["operation"]](api, cell["label"])
        return {"kind": "allowed"}
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        name = type(error).__name__
        return {"kind": "refused", "error": name if status is None else f"{name} {status}", "message": str(error)}


json.dump([attempt(cell) for cell in lane["cells"]], sys.stdout)
