/** Clients that people use against the Hub; `browser` stands for its site. */
export type Caller = "git" | "git-lfs" | "@huggingface/hub" | "huggingface_hub" | "postern" | "browser";

/** One endpoint of the Hub. `{types}` is models, datasets, spaces and kernels; `{prefix}` nothing, `datasets/`, `spaces/` or `kernels/`. */
export interface HubEndpoint {
  readonly area: string;
  readonly methods: readonly ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE")[];
  readonly path: string;
  /** Who calls it as far as we have seen on the wire or read in their source. */
  readonly callers: readonly Caller[];
  /** What to know, and for what is not answered: why. */
  readonly note?: string;
}

const PY = "huggingface_hub";
const JS = "@huggingface/hub";
const OUR = "postern";
const API = "/api/{types}/{repo}";

type Row = readonly [method: string, path: string, callers: readonly Caller[], note?: string];

function area(name: string, rows: readonly Row[]): readonly HubEndpoint[] {
  return rows.map(([methods, path, callers, note]) => ({
    area: name,
    methods: methods.split(" ").filter(isMethod),
    path,
    callers,
    ...(note === undefined ? {} : { note }),
  }));
}

function isMethod(word: string): word is HubEndpoint["methods"][number] {
  return ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].includes(word);
}

const NO_COUNTS = "Likes are not counted here";
const NO_SPACES = "Spaces are stored, not run";
const NO_COMPUTE = "Compute of huggingface.co";
const NO_SITE = "Content of huggingface.co's site";
const NO_BUCKETS = "Buckets need Xet storage";

/** Every endpoint that the Python and JavaScript clients, git and git-lfs call on a Hub. */
export const HUB_ENDPOINTS: readonly HubEndpoint[] = [
  ...area("Identity", [
    ["GET", "/api/whoami-v2", [PY, JS, OUR]],
    ["GET", "/api/agent-harnesses", [PY]],
    ["POST", "/oauth/token", [PY, JS, OUR], "Token exchange (RFC 8693); other grants come with sign-in for people"],
    ["GET", "/oauth/jwks", [OUR]],
    ["GET", "/.well-known/openid-configuration", [JS, OUR]],
    ["POST", "/api/credentials/revoke", [OUR]],
    ["GET", "/oauth/authorize", [JS, "browser"], "Sign-in for people is not built yet"],
    ["POST", "/oauth/device", [PY], "Sign-in for people is not built yet"],
    ["GET", "/oauth/userinfo", [JS], "Sign-in for people is not built yet"],
  ]),
  ...area("Repos", [
    ["POST", "/api/repos/create", [PY, JS, OUR]],
    ["DELETE", "/api/repos/delete", [PY, JS, OUR]],
    ["POST", "/api/repos/move", [PY]],
    ["PUT", `${API}/settings`, [PY, OUR]],
    ["POST", `${API}/duplicate`, [PY]],
    ["GET", "/api/{types}", [PY, JS]],
    ["GET", "/api/models-tags-by-type", [PY]],
    ["GET", "/api/datasets-tags-by-type", [PY]],
    ["POST", "/api/validate-yaml", [PY]],
    ["GET", "/api/settings/repositories", [PY], "Storage per repo: not built yet"],
    ["GET", "/api/organizations/{name}/settings/repositories", [PY], "Storage per repo: not built yet"],
    ["GET", "/api/users/{name}/overview", [PY], NO_SITE],
    ["GET", "/api/organizations/{name}/members", [PY], "Use `postern org member`; the Hub's form is not built yet"],
  ]),
  ...area("Reading", [
    ["GET", API, [PY, JS, OUR]],
    ["GET", `${API}/revision/{rev}`, [PY, JS, OUR]],
    ["GET", `${API}/tree/{rev}/{path}`, [PY, JS, OUR]],
    ["GET", `${API}/tree/{rev}`, [PY, JS, OUR]],
    ["POST", `${API}/paths-info/{rev}`, [PY, JS]],
    ["GET HEAD", "/{prefix}{repo}/resolve/{rev}/{path}", [PY, JS, OUR]],
    ["GET HEAD", "/{prefix}{repo}/raw/{rev}/{path}", ["browser", JS]],
    ["GET", `${API}/refs`, [PY]],
    ["GET", `${API}/commits/{rev}`, [PY, JS]],
    ["GET", `${API}/auth-check`, [PY]],
    ["GET", `${API}/auth-check/write`, [PY]],
    ["GET", `${API}/xet-read-token/{rev}`, [PY], "Refused with an address that names `HF_HUB_DISABLE_XET=1`"],
  ]),
  ...area("Writing", [
    ["POST", `${API}/preupload/{rev}`, [PY, JS, OUR]],
    ["POST", `${API}/commit/{rev}`, [PY, JS, OUR]],
    ["POST", `${API}/branch/{rev}`, [PY, JS, OUR]],
    ["DELETE", `${API}/branch/{rev}`, [PY, JS]],
    ["POST", `${API}/tag/{rev}`, [PY]],
    ["DELETE", `${API}/tag/{rev}`, [PY]],
    ["POST", `${API}/super-squash/{rev}`, [PY]],
    ["GET", `${API}/lfs-files`, [PY]],
    ["POST", `${API}/lfs-files/batch`, [PY]],
    ["POST", `${API}/lfs-files/duplicate`, [PY], "Only for Xet files, which there are none of"],
    ["GET", `${API}/xet-write-token/{rev}`, [PY, JS], "Refused with an address that names `HF_HUB_DISABLE_XET=1`"],
  ]),
  ...area("git and LFS", [
    ["GET", "/{prefix}{repo}/info/refs", ["git"], "With and without `.git`, like all of this table"],
    ["POST", "/{prefix}{repo}/git-upload-pack", ["git"]],
    ["POST", "/{prefix}{repo}/git-receive-pack", ["git"]],
    ["POST", "/{prefix}{repo}.git/info/lfs/objects/batch", ["git-lfs", PY, JS, OUR]],
    ["POST", "/{prefix}{repo}.git/info/lfs/locks/verify", ["git-lfs"]],
    ["GET", "/{prefix}{repo}.git/info/lfs/locks", ["git-lfs"], "No locks: 404 in one sentence"],
    ["GET", "/api/lfs/objects/{oid}", ["git-lfs", PY, JS, OUR], "Address that a batch hands out, signed"],
    ["PUT", "/api/lfs/objects/{oid}", ["git-lfs", PY, JS, OUR], "Address that a batch hands out, signed"],
    ["PUT", "/api/lfs/objects/{oid}/parts/{num}", [PY, JS], "Address that a batch hands out, signed"],
    ["POST", "/api/lfs/objects/{oid}/complete", [PY, JS], "Address that a batch hands out, signed"],
    ["POST", "/api/lfs/objects/{oid}/verify", ["git-lfs", PY, OUR], "Address that a batch hands out, signed"],
  ]),
  ...area("Pull requests and discussions", [
    ["GET", `${API}/discussions`, [PY]],
    ["POST", `${API}/discussions`, [PY]],
    ["GET", `${API}/discussions/{num}`, [PY]],
    ["POST", `${API}/discussions/{num}/comment`, [PY]],
    ["POST", `${API}/discussions/{num}/comment/{id}/edit`, [PY]],
    ["POST", `${API}/discussions/{num}/comment/{id}/hide`, [PY]],
    ["POST", `${API}/discussions/{num}/status`, [PY]],
    ["POST", `${API}/discussions/{num}/title`, [PY]],
    ["POST", `${API}/discussions/{num}/merge`, [PY]],
  ]),
  ...area("Gated repos", [
    ["GET", `${API}/user-access-request/pending`, [PY]],
    ["GET", `${API}/user-access-request/accepted`, [PY]],
    ["GET", `${API}/user-access-request/rejected`, [PY]],
    ["POST", `${API}/user-access-request/handle`, [PY]],
    ["POST", `${API}/user-access-request/grant`, [PY]],
    ["GET POST", "/{prefix}{repo}/ask-access", ["browser"]],
    ["GET", "/{prefix}{repo}/user-access-report", ["browser"]],
  ]),
  ...area("Not of a self-hosted hub, or later", [
    ["POST DELETE", `${API}/like`, [PY], NO_COUNTS],
    ["GET", `${API}/likers`, [PY], NO_COUNTS],
    ["GET", "/api/users/{name}/likes", [PY], NO_COUNTS],
    ["GET POST", "/api/collections", [PY, JS], "Collections are not built yet"],
    ["GET", "/api/spaces/{repo}/runtime", [PY], NO_SPACES],
    ["POST", "/api/spaces/{repo}/secrets", [PY], NO_SPACES],
    ["GET POST", "/api/spaces/{repo}/variables", [PY], NO_SPACES],
    ["POST", "/api/spaces/{repo}/hardware", [PY], NO_SPACES],
    ["POST", "/api/spaces/{repo}/restart", [PY], NO_SPACES],
    ["GET POST", "/api/jobs/{name}", [PY, JS], NO_COMPUTE],
    ["GET POST", "/api/scheduled-jobs/{name}", [PY, JS], NO_COMPUTE],
    ["GET", "/api/settings/webhooks", [PY], "Webhooks are not built yet"],
    ["GET", "/api/daily_papers", [PY], NO_SITE],
    ["GET", "/api/papers/search", [PY], NO_SITE],
    ["GET", "/api/datasets/{repo}/leaderboard", [PY], NO_SITE],
    ["GET POST", "/api/buckets/{name}", [PY, JS], NO_BUCKETS],
    ["GET", "/{prefix}{repo}", ["browser"], "Pages for people are not built yet"],
  ]),
];

const SAMPLES: Readonly<Record<string, string>> = {
  repo: "nobody/nothing",
  rev: "main",
  path: "folder/file.txt",
  num: "1",
  oid: "a".repeat(64),
};

/** Addresses of the endpoint for something that does not exist: one, or one for each kind of repo. */
export function sampleAddresses({ path }: HubEndpoint): readonly string[] {
  const filled = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_all, name: string) => SAMPLES[name] ?? "nothing");
  if (path.includes("{types}"))
    return ["models", "datasets", "spaces", "kernels"].map((types) => filled(path.replace("{types}", types)));
  if (path.includes("{prefix}"))
    return ["", "datasets/", "spaces/", "kernels/"].map((prefix) => filled(path.replace("{prefix}", prefix)));
  return [filled(path)];
}

/** The endpoint that a request went to, or `undefined`. */
export function endpointOf(method: string, path: string): HubEndpoint | undefined {
  return HUB_ENDPOINTS.find(
    (endpoint) => endpoint.methods.some((known) => known === method) && patternOf(endpoint).test(path),
  );
}

function patternOf({ path }: HubEndpoint): RegExp {
  const source = path
    .replaceAll(".", "\\.")
    .replace("{types}", "(?:models|datasets|spaces|kernels)")
    .replace("{prefix}", "(?:(?:datasets|spaces|kernels)/)?")
    .replace("{repo}", "(?!api/)[^/]+/[^/]+?")
    .replace("{rev}", "(?:refs/pr/\\d+|[^/]+)")
    .replace("{path}", ".+")
    .replaceAll(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${source}$`);
}
