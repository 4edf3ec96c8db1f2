import * as js from "@huggingface/hub";

/** Whom a call is made by. */
export type Who = "nobody" | "ada" | "eve" | "reader" | "bad";

export interface JsCall {
  readonly hubUrl: string;
  readonly accessToken?: string;
}

/** One situation, how each client meets it, and what it must raise (hub-wire §1.2). */
export interface ErrorCase {
  readonly name: string;
  readonly who: Who;
  readonly status: number;
  /** A Python expression over `api`, `REPO`, `first` (the first commit) and `raw(method, path, **kwargs)`; and the class it raises. */
  readonly python?: readonly [expression: string, raises: string];
  /** The same by the JavaScript client, which has one class of error; `undefined` where it cannot meet the situation. */
  readonly js?: (call: JsCall, first: string) => Promise<unknown>;
  /** Part of what the person reads. */
  readonly words?: RegExp;
}

const TRAIN = "ada/train";
const add = (path: string) => [{ operation: "addOrUpdate" as const, path, content: new Blob(["x"]) }];

/** What each client raises. */
export const ERROR_CASES: readonly ErrorCase[] = [
  ...(["nobody", "eve"] as const).flatMap((who): readonly ErrorCase[] =>
    ["ada/missing", "ada/secret"].map((repo) => ({
      name: `${repo} to ${who}`,
      who,
      status: who === "nobody" ? 401 : 404,
      python: [`api.model_info("${repo}")`, "RepositoryNotFoundError"],
      js: (call) => js.modelInfo({ ...call, name: repo }),
      words: /Repository not found/,
    })),
  ),
  ...(["nobody", "eve"] as const).map(
    (who): ErrorCase => ({
      name: `a file of a gated repo to ${who}`,
      who,
      status: who === "nobody" ? 401 : 403,
      python: [`api.hf_hub_download("ada/gated", "config.json", cache_dir="${who}")`, "GatedRepoError"],
      js: (call) => js.fileDownloadInfo({ ...call, repo: "ada/gated", path: "config.json" }),
      words: /Access to model ada\/gated is restricted/,
    }),
  ),
  ...(["nobody", "ada"] as const).map(
    (who): ErrorCase => ({
      name: `a repo that was taken off, to ${who}`,
      who,
      status: 403,
      python: [`api.model_info("ada/off")`, "DisabledRepoError"],
      js: (call) => js.modelInfo({ ...call, name: "ada/off" }),
      words: /Access to this resource is disabled\./,
    }),
  ),
  {
    name: "a revision that does not exist",
    who: "ada",
    status: 404,
    python: [`api.model_info(REPO, revision="nope")`, "RevisionNotFoundError"],
    js: (call) => js.modelInfo({ ...call, name: TRAIN, revision: "nope" }),
  },
  {
    name: "a file that does not exist",
    who: "nobody",
    status: 404,
    python: [`api.hf_hub_download(REPO, "nope.txt", cache_dir="absent")`, "RemoteEntryNotFoundError"],
  },
  {
    name: "a deleted file that does not exist",
    who: "ada",
    status: 404,
    python: [`api.delete_file("nope.txt", REPO)`, "RemoteEntryNotFoundError"],
    js: (call) => js.deleteFile({ ...call, repo: TRAIN, path: "nope.txt" }),
    words: /doesn't exist/,
  },
  {
    name: "a file that is not in the cache",
    who: "nobody",
    status: 0,
    python: [
      `api.hf_hub_download(REPO, "config.json", cache_dir="empty", local_files_only=True)`,
      "LocalEntryNotFoundError",
    ],
  },
  {
    name: "an impossible branch name",
    who: "ada",
    status: 400,
    python: [`api.create_branch(REPO, branch="x..y")`, "BadRequestError"],
    js: (call) => js.createBranch({ ...call, repo: TRAIN, branch: "x..y" }),
    words: /Invalid branch name/,
  },
  {
    name: "a token that is none",
    who: "bad",
    status: 401,
    python: [`api.model_info(REPO)`, "HfHubHTTPError"],
    js: (call) => js.modelInfo({ ...call, name: TRAIN }),
    words: /Invalid credentials in Authorization header/,
  },
  {
    name: "a commit by a stranger",
    who: "eve",
    status: 403,
    python: [`api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=REPO)`, "HfHubHTTPError"],
    js: (call) => js.commit({ ...call, repo: TRAIN, title: "x", operations: add("x") }),
    words: /write role/,
  },
  {
    name: "a commit with a reader's token",
    who: "reader",
    status: 403,
    python: [`api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=REPO)`, "HfHubHTTPError"],
    js: (call) => js.commit({ ...call, repo: TRAIN, title: "x", operations: add("x") }),
    words: /read-only/,
  },
  {
    name: "a repo that exists",
    who: "ada",
    status: 409,
    python: [`api.create_repo(REPO)`, "HfHubHTTPError"],
    js: (call) => js.createRepo({ ...call, repo: TRAIN }),
    words: /already created/,
  },
  {
    name: "a branch that exists",
    who: "ada",
    status: 409,
    python: [`api.create_branch(REPO, branch="main")`, "HfHubHTTPError"],
    js: (call) => js.createBranch({ ...call, repo: TRAIN, branch: "main" }),
    words: /Branch already exists: main/,
  },
  {
    name: "a tag that exists",
    who: "ada",
    status: 409,
    python: [`api.create_tag(REPO, tag="v1")`, "HfHubHTTPError"],
    words: /Tag already exists: v1/,
  },
  {
    name: "a branch from a revision that does not exist",
    who: "ada",
    status: 404,
    python: [`api.create_branch(REPO, branch="new", revision="nope")`, "RevisionNotFoundError"],
    js: (call) => js.createBranch({ ...call, repo: TRAIN, branch: "new", revision: "nope" }),
  },
  {
    name: "a tag on a revision that does not exist",
    who: "ada",
    status: 404,
    python: [`api.create_tag(REPO, tag="v9", revision="nope")`, "RevisionNotFoundError"],
  },
  {
    name: "a deleted branch that does not exist",
    who: "ada",
    status: 404,
    python: [`api.delete_branch(REPO, branch="nope")`, "RevisionNotFoundError"],
    js: (call) => js.deleteBranch({ ...call, repo: TRAIN, branch: "nope" }),
  },
  {
    name: "a deleted tag that does not exist",
    who: "ada",
    status: 404,
    python: [`api.delete_tag(REPO, tag="nope")`, "RevisionNotFoundError"],
  },
  {
    name: "a commit to a branch that does not exist",
    who: "ada",
    status: 404,
    python: [
      `api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=REPO, revision="nope")`,
      "RevisionNotFoundError",
    ],
    js: (call) => js.commit({ ...call, repo: TRAIN, branch: "nope", title: "x", operations: add("x") }),
  },
  {
    name: "a commit on top of a parent that is not the tip",
    who: "ada",
    status: 412,
    python: [
      `api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=REPO, parent_commit=first)`,
      "HfHubHTTPError",
    ],
    js: (call, first) => js.commit({ ...call, repo: TRAIN, title: "x", parentCommit: first, operations: add("x") }),
    words: /commit has happened since/,
  },
  {
    name: "a range that the file does not have",
    who: "nobody",
    status: 416,
    python: [`raw("GET", f"/{REPO}/resolve/main/config.json", headers={"Range": "bytes=900-"})`, "HfHubHTTPError"],
    words: /bytes \*\/2/,
  },
  {
    name: "too many refused exchanges",
    who: "nobody",
    status: 429,
    python: [
      `[raw("POST", "/oauth/token", json=EXCHANGE, quiet=True), raw("POST", "/oauth/token", json=EXCHANGE)]`,
      "HfHubHTTPError",
    ],
    words: /429 Too Many Requests/,
  },
];
