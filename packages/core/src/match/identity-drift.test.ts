import { describe, expect, it } from "vitest";
import { PRESETS } from "../provider/presets.ts";
import type { ProviderId } from "../provider/provider-id.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { checkClaims } from "./claim-check.ts";
import { type IdentityDrift, identityDriftOf } from "./identity-drift.ts";

type Claims = Publisher["claims"];

function drift(provider: ProviderId, pinned: Claims, sent: Claims): IdentityDrift | undefined {
  const preset = PRESETS[provider];
  return identityDriftOf(preset, checkClaims(preset, sent, { claims: pinned }));
}

const GITHUB = { repository: "acme/train", repository_id: "1", repository_owner_id: "2", ref: "refs/heads/main" };
const GITLAB = { project_path: "acme/ml/train", project_id: "1", namespace_id: "2", ref: "main" };
const BUILDKITE = {
  pipeline_slug: "train",
  pipeline_id: "0184990a-477b-4c43-9457-de07e2029e7b",
  organization_id: "0184990a-477b-4c43-9457-de07e2029e7c",
};
const UUID = "{9a8b0000-0000-4000-8000-000000000001}";
const OTHER = "{9a8b0000-0000-4000-8000-000000000002}";
const ORG = "5034460f-c7c4-4c43-9457-de07e2029e7b";
const CIRCLE = {
  "oidc.circleci.com/project-id": ORG,
  "oidc.circleci.com/org-id": ORG,
  "oidc.circleci.com/vcs-origin": "github.com/acme/train",
};

describe("a project whose ids are all as they were", () => {
  it.each<[string, ProviderId, Claims, Claims, Claims]>([
    ["GitHub", "github", GITHUB, { repository: "acme/new" }, { repository: "acme/new" }],
    ["GitHub, its owner renamed", "github", GITHUB, { repository: "acme2/train" }, { repository: "acme2/train" }],
    ["Forgejo", "forgejo", GITHUB, { repository: "acme/new" }, { repository: "acme/new" }],
    ["GitLab", "gitlab", GITLAB, { project_path: "acme/ml/new" }, { project_path: "acme/ml/new" }],
    [
      "GitLab, its group renamed",
      "gitlab",
      GITLAB,
      { project_path: "acme/ai/train" },
      { project_path: "acme/ai/train" },
    ],
    ["Buildkite", "buildkite", BUILDKITE, { pipeline_slug: "new" }, { pipeline_slug: "new" }],
  ])("was renamed: %s", (_what, provider, pinned, sent, to) => {
    expect(drift(provider, pinned, { ...pinned, ...sent })).toEqual({ kind: "rename", to, isPureRename: true });
  });

  it("is not plainly renamed where the owner is not pinned, for it may belong to somebody else", () => {
    const { repository_owner_id: _owner, ...pinned } = GITHUB;
    const sent = { ...GITHUB, repository: "evil/train", repository_owner_id: "666" };
    expect(drift("github", pinned, sent)).toMatchObject({ kind: "rename", isPureRename: false });
  });

  it.each<[string, ProviderId, Claims, Claims]>([
    ["anything else differs too", "github", GITHUB, { repository: "acme/new", ref: "refs/heads/evil" }],
    ["only something else differs", "github", GITHUB, { ref: "refs/heads/evil" }],
    ["nothing differs", "github", GITHUB, {}],
    ["the id differs", "github", GITHUB, { repository: "acme/new", repository_id: "9" }],
    ["the name is gone", "github", GITHUB, { repository: "" }],
    ["the name could not have been configured", "github", GITHUB, { repository: "acme/tr\u200bain" }],
    ["the name is of another shape", "github", GITHUB, { repository: "train" }],
    ["the name is no text", "github", GITHUB, { repository: 7 }],
    [
      "the code comes from a fork, which carries the project's ids",
      "circleci",
      CIRCLE,
      { "oidc.circleci.com/vcs-origin": "github.com/evil/train" },
    ],
    ["the provider has no names", "custom", { sub: "a", repository_id: "1" }, { sub: "b" }],
  ])("was not renamed when %s", (_what, provider, pinned, sent) => {
    expect(drift(provider, pinned, { ...pinned, ...sent })).toBeUndefined();
  });
});

describe("a project of another owner", () => {
  it.each<[string, ProviderId, Claims, Claims]>([
    ["GitHub", "github", GITHUB, { repository: "evil/train", repository_owner_id: "666" }],
    ["Forgejo", "forgejo", GITHUB, { repository_owner_id: "666" }],
    ["GitLab", "gitlab", GITLAB, { project_path: "evil/train", namespace_id: "666" }],
    ["Bitbucket", "bitbucket", { repositoryUuid: UUID, workspaceUuid: UUID }, { workspaceUuid: OTHER }],
    ["Buildkite", "buildkite", BUILDKITE, { organization_id: "0184990a-477b-4c43-9457-de07e2029e7d" }],
    ["CircleCI", "circleci", CIRCLE, { "oidc.circleci.com/org-id": "5034460f-c7c4-4c43-9457-de07e2029e7c" }],
  ])("was transferred: %s", (_what, provider, pinned, sent) => {
    expect(drift(provider, pinned, { ...pinned, ...sent })).toEqual({
      kind: "transfer",
      to: sent,
      isPureRename: false,
    });
  });

  it("was transferred whatever else differs, and only what says whose it is would be taken over", () => {
    const sent = { ...GITHUB, repository_owner_id: "666", ref: "refs/heads/evil" };
    expect(drift("github", GITHUB, sent)).toMatchObject({ kind: "transfer", to: { repository_owner_id: "666" } });
  });

  it.each(["evil/ml/train", "ml/train", "acme/x/ml/train"])(
    "is seen on GitLab when its group, whose id stays, moved: %s",
    (project_path) => {
      expect(drift("gitlab", GITLAB, { ...GITLAB, project_path })).toMatchObject({
        kind: "transfer",
        to: { project_path },
      });
    },
  );

  it.each(["", undefined, 666])("is not told by an owner's id of %j", (organization_id) => {
    const { organization_id: _pinned, ...sent } = BUILDKITE;
    const claims = organization_id === undefined ? sent : { ...sent, organization_id };
    expect(drift("buildkite", BUILDKITE, claims)).toBeUndefined();
  });
});

it("counts only claims that prove identity and that a publisher can pin", () => {
  for (const { project, proofs, claims } of Object.values(PRESETS)) {
    if (project === undefined) continue;
    expect(proofs[0]).toEqual([project.id]);
    for (const name of [project.id, project.ownerId, ...project.names, ...project.ownerNames])
      expect(claims[name]?.type).toBe("string");
  }
});
