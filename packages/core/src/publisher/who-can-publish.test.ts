import { expect, it } from "vitest";
import { parseIssuerUrl } from "../issuer/issuer-url.ts";
import { parseRepoRef } from "../resource/repo-ref.ts";
import { epochSeconds } from "../time/epoch-seconds.ts";
import type { ClaimValue, Publisher } from "./publisher.ts";
import { whoCanPublish } from "./who-can-publish.ts";

function publisher(
  provider: Publisher["provider"],
  url: string,
  claims: Readonly<Record<string, ClaimValue>>,
  access: "read" | "write" = "write",
): Publisher {
  const repo = parseRepoRef("model", "acme", "train");
  const issuer = parseIssuerUrl(url);
  if (repo === undefined || issuer === undefined) throw new Error("the fixture breaks the grammar");
  const at = epochSeconds(1_795_000_000);
  const target = { kind: "repo", repoId: "r-1", repo } as const;
  const rest = { ttlSeconds: 900, sourceAddresses: [], enabled: true, createdAt: at, createdBy: "a", lastUsedAt: at };
  return { id: "p-1", target, provider, issuer, claims, access, ...rest };
}

const GITHUB = "https://token.actions.githubusercontent.com";

it.each<[Publisher, string]>([
  [
    publisher("github", GITHUB, {
      repository: "acme/train",
      repository_id: "456789",
      repository_owner_id: "123456",
      workflow: "publish.yml",
      branch: "main",
      environment: "release",
    }),
    "Any job of the workflow publish.yml on the branch main in the environment release in acme/train (456789) at GitHub Actions may write.",
  ],
  [
    publisher("github", GITHUB, { repository_owner_id: "123456" }),
    "Any job on any branch or tag in any project of the owner 123456 at GitHub Actions may write.",
  ],
  [
    publisher("gitlab", "https://git.corp.example", { project_id: "20", tag: "v1" }, "read"),
    "Any job on the tag v1 in the project 20 at https://git.corp.example may read.",
  ],
  [
    publisher("custom", "https://ci.example", { sub: "job-7", "/team/name": "m\u00fcller" }),
    "Any job with sub job-7, /team/name mu{fc}ller at https://ci.example may write.",
  ],
])("says who can publish", (subject, sentence) => {
  expect(whoCanPublish(subject)).toBe(sentence);
});
