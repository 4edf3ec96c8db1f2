import { textClaim } from "../claim/apply-overrides.ts";
import type { ClaimSet, ClaimValue } from "../claim/claim-value.ts";
import { stableCommit, stableId } from "../claim/stable-id.ts";
import type { JobScenario } from "./simulated-provider.ts";

const FORK_OWNER = "mallory";

/** What `GITHUB_EVENT_PATH` holds: the webhook's payload, as far as publishing workflows look at it. */
export function githubEvent(claims: ClaimSet, scenario: JobScenario): ClaimSet {
  const text = (name: string): string => textClaim(claims, name) ?? "";
  const repository = repositoryPayload(text("repository"), text("repository_owner"), text("repository_id"), false);
  const sender = { login: text("actor"), id: Number(text("actor_id")), type: "User" };
  const event = text("event_name");
  const shared = { repository, sender };
  switch (event) {
    case "pull_request":
    case "pull_request_target":
      return { ...shared, action: "synchronize", number: 7, pull_request: pullRequest(claims, scenario, repository) };
    case "release":
      return { ...shared, action: "published", release: { tag_name: text("ref").replace("refs/tags/", "") } };
    case "workflow_dispatch":
      return { ...shared, ref: text("ref"), inputs: null };
    case "schedule":
      return { ...shared, schedule: "0 4 * * *" };
    default:
      return {
        ...shared,
        ref: text("ref"),
        before: stableCommit(`parent of ${text("sha")}`),
        after: text("sha"),
        head_commit: { id: text("sha"), message: "Train the model", author: { name: text("actor") } },
        pusher: { name: text("actor") },
      };
  }
}

function pullRequest(claims: ClaimSet, scenario: JobScenario, base: ClaimSet): ClaimValue {
  const fork = scenario === "fork-pull-request";
  const [, name = ""] = (textClaim(claims, "repository") ?? "").split("/");
  const forkName = `${FORK_OWNER}/${name}`;
  const head = fork
    ? repositoryPayload(forkName, FORK_OWNER, stableId("github", `repository ${forkName}`), true)
    : base;
  return {
    number: 7,
    state: "open",
    head: { ref: textClaim(claims, "head_ref") ?? "", sha: stableCommit("pull request head"), repo: head },
    base: { ref: textClaim(claims, "base_ref") ?? "", sha: stableCommit("pull request base"), repo: base },
    author_association: fork ? "FIRST_TIME_CONTRIBUTOR" : "MEMBER",
  };
}

function repositoryPayload(fullName: string, owner: string, id: string, fork: boolean): ClaimSet {
  return {
    id: Number(id),
    name: fullName.split("/")[1] ?? "",
    full_name: fullName,
    fork,
    default_branch: "main",
    owner: { login: owner },
    html_url: `https://github.com/${fullName}`,
  };
}
