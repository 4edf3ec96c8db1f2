import { describe, expect, it } from "vitest";
import { parseIssuerUrl } from "../issuer/issuer-url.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { parseRepoRef } from "../resource/repo-ref.ts";
import { addSeconds, epochSeconds } from "../time/epoch-seconds.ts";
import { type LintSubject, lintPublishers } from "./lint-publishers.ts";

const NOW = epochSeconds(1_795_000_000);
const DAY = 86_400;

/** Everything that the rules ask for. */
function publisher(changes: Partial<Publisher> = {}): Publisher {
  const repo = parseRepoRef("model", "acme", "train");
  const issuer = parseIssuerUrl("https://token.actions.githubusercontent.com");
  if (repo === undefined || issuer === undefined) throw new Error("the fixture breaks the grammar");
  return {
    id: "p-1",
    target: { kind: "repo", repoId: "r-1", repo },
    provider: "github",
    issuer,
    claims: {
      repository: "acme/train",
      repository_id: "456789",
      repository_owner_id: "123456",
      workflow: "publish.yml",
      branch: "main",
      environment: "release",
    },
    access: "write",
    ttlSeconds: 900,
    sourceAddresses: [],
    enabled: true,
    createdAt: addSeconds(NOW, -40 * DAY),
    createdBy: "ada",
    lastUsedAt: addSeconds(NOW, -DAY),
    ...changes,
  };
}

function withClaims(changes: Readonly<Record<string, string | undefined>>): Publisher {
  const merged = Object.entries({ ...publisher().claims, ...changes });
  return publisher({ claims: Object.fromEntries(merged.flatMap(([k, v]) => (v === undefined ? [] : [[k, v]]))) });
}

function gitlab(claims: Publisher["claims"]): Publisher {
  const issuer = parseIssuerUrl("https://gitlab.com");
  if (issuer === undefined) throw new Error("the fixture breaks the grammar");
  return publisher({ provider: "gitlab", issuer, claims });
}

function rules(publishers: readonly Publisher[], changes: Partial<LintSubject> = {}): readonly string[] {
  const facts = { now: NOW, creatorsWithoutRight: new Set<string>(), writingTokens: 0, ...changes };
  return lintPublishers({ publishers, ...facts }).map(({ rule, publisherId }) => `${rule} ${publisherId ?? "-"}`);
}

describe("a publisher that pins what it should", () => {
  it("is not complained about", () => {
    expect(rules([publisher()])).toEqual([]);
  });

  it.each<[string, Publisher, readonly string[]]>([
    ["no immutable id", withClaims({ repository_id: undefined, repository_owner_id: undefined }), ["no-tenant-id p-1"]],
    ["the name and only the owner's id", withClaims({ repository_id: undefined }), ["name-only p-1"]],
    ["the owner's id alone", withClaims({ repository_id: undefined, repository: undefined }), ["whole-tenant p-1"]],
    ["the project's id without its owner's", withClaims({ repository_owner_id: undefined }), ["no-owner-id p-1"]],
    ["a transfer that waits", publisher({ change: { kind: "transfer", to: {}, seenAt: NOW } }), ["drift p-1"]],
    ["a rename that waits", publisher({ change: { kind: "rename", to: {}, seenAt: NOW } }), ["drift p-1"]],
    ["a rename that was accepted", publisher({ renamed: { from: {}, at: NOW } }), ["drift p-1"]],
    ["an environment but no branch", withClaims({ branch: undefined }), []],
    ["a tag instead of a branch", withClaims({ branch: undefined, tag: "v1" }), []],
    [
      "neither branch nor environment",
      withClaims({ branch: undefined, environment: undefined }),
      ["any-branch p-1", "no-environment p-1"],
    ],
    ["no environment", withClaims({ environment: undefined }), ["no-environment p-1"]],
    ["workflow_run", withClaims({ event_name: "workflow_run" }), ["risky-trigger p-1"]],
    ["pull_request", withClaims({ event_name: "pull_request" }), ["risky-trigger p-1"]],
    ["a harmless event", withClaims({ event_name: "push" }), []],
    ["a long life", publisher({ ttlSeconds: 1801 }), ["long-lifetime p-1"]],
    ["half an hour", publisher({ ttlSeconds: 1800 }), []],
    [
      "known addresses and tokens that work anywhere",
      publisher({ sourceAddresses: ["192.0.2.7"] }),
      ["unpinned-tokens p-1"],
    ],
    ["known addresses and pinned tokens", publisher({ sourceAddresses: ["192.0.2.7"], pinAddress: true }), []],
    ["no use in 40 days", publisher({ lastUsedAt: undefined }), ["never-used p-1"]],
    ["no use in 29 days", publisher({ lastUsedAt: undefined, createdAt: addSeconds(NOW, -29 * DAY) }), []],
    ["a last use long ago", publisher({ lastUsedAt: addSeconds(NOW, -91 * DAY) }), ["unused p-1"]],
    ["a creator who left", publisher({ createdBy: "bob" }), ["creator-left p-1"]],
    ["everything wrong, but switched off", publisher({ enabled: false, claims: { workflow: "x.yml" } }), []],
    [
      "GitLab, where id tokens live long",
      gitlab({ project_id: "20", namespace_id: "72", branch: "main", environment: "release" }),
      ["long-subject-token p-1"],
    ],
    [
      "GitLab merge requests",
      gitlab({
        project_id: "20",
        namespace_id: "72",
        branch: "main",
        environment: "r",
        pipeline_source: "merge_request_event",
      }),
      ["risky-trigger p-1", "long-subject-token p-1"],
    ],
    ["another issuer without sub", publisher({ provider: "custom", claims: { team: "ml" } }), ["no-subject p-1"]],
    ["another issuer with sub", publisher({ provider: "custom", claims: { sub: "job-7" } }), []],
  ])("finds %s", (_what, subject, expected) => {
    expect(rules([subject], { creatorsWithoutRight: new Set(["bob"]) })).toEqual(expected);
  });
});

describe("several publishers", () => {
  it("says that a broader one makes the narrower pointless, and not the reverse", () => {
    const broad = { ...withClaims({ workflow: undefined }), id: "p-2" };
    expect(rules([publisher(), broad])).toEqual(["shadowed p-1"]);
    expect(rules([publisher(), { ...broad, access: "read" }])).toEqual([]);
    expect(rules([publisher(), { ...broad, enabled: false }])).toEqual([]);
    const pinned = { sourceAddresses: ["192.0.2.0/24"], pinAddress: true };
    expect(rules([publisher(), { ...broad, ...pinned }])).toEqual([]);
    expect(rules([publisher(pinned), broad])).toEqual(["shadowed p-1"]);
  });

  it("finds the same jobs twice, once", () => {
    expect(rules([publisher(), publisher({ id: "p-2", access: "read" })])).toEqual(["duplicate p-1"]);
  });

  it("counts left-over personal tokens where jobs publish already", () => {
    expect(rules([publisher()], { writingTokens: 2 })).toEqual(["classic-tokens -"]);
    expect(rules([publisher({ lastUsedAt: addSeconds(NOW, -DAY), access: "read" })], { writingTokens: 2 })).toEqual([]);
    expect(rules([], { writingTokens: 2 })).toEqual([]);
  });
});

it("gives every finding a sentence and a fix", () => {
  const findings = lintPublishers({
    now: NOW,
    publishers: [publisher({ claims: { workflow: "x.yml" }, ttlSeconds: 3600, lastUsedAt: undefined })],
    creatorsWithoutRight: new Set(["ada"]),
    writingTokens: 1,
  });
  expect(findings.map(({ severity }) => severity)).toEqual([
    "error",
    "warning",
    "warning",
    "advice",
    "advice",
    "advice",
  ]);
  for (const { message, fix } of findings) expect(`${message} ${fix}`).toMatch(/^[A-Z].*[.!] [A-Z].*\S$/);
});
