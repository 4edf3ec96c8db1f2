/** The flags that name a claim in everyday words. */
export interface ClaimFlags {
  readonly repository?: string;
  readonly repositoryId?: string;
  readonly ownerId?: string;
  readonly workflow?: string;
  readonly branch?: string;
  readonly environment?: string;
}

type FlagName = keyof ClaimFlags;

/** Which claim each flag stands for, per provider. A flag that a provider has no claim for is refused, never guessed. */
const CLAIM_OF_FLAG: Readonly<Record<string, Readonly<Partial<Record<FlagName, string>>>>> = {
  github: {
    repository: "repository",
    repositoryId: "repository_id",
    ownerId: "repository_owner_id",
    workflow: "workflow",
    branch: "branch",
    environment: "environment",
  },
  gitlab: {
    repository: "project_path",
    repositoryId: "project_id",
    ownerId: "namespace_id",
    workflow: "workflow",
    branch: "branch",
    environment: "environment",
  },
  circleci: {
    repository: "oidc.circleci.com/vcs-origin",
    repositoryId: "oidc.circleci.com/project-id",
    ownerId: "oidc.circleci.com/org-id",
    branch: "branch",
  },
  bitbucket: {
    repositoryId: "repositoryUuid",
    ownerId: "workspaceUuid",
    branch: "branch",
    environment: "deploymentEnvironmentUuid",
  },
  forgejo: {
    repository: "repository",
    repositoryId: "repository_id",
    ownerId: "repository_owner_id",
    workflow: "workflow",
    branch: "branch",
  },
  buildkite: {
    repository: "pipeline_slug",
    repositoryId: "pipeline_id",
    ownerId: "organization_id",
    branch: "branch",
  },
};

const FLAG_NAMES = ["repository", "repositoryId", "ownerId", "workflow", "branch", "environment"] as const;

/** A flag and the claim it stands for; `claim` is `undefined` when the provider has none. */
export interface FlagClaim {
  readonly flag: string;
  readonly claim: string | undefined;
  readonly value: string;
}

/** The flags that were given, each with its provider's claim. */
export function claimsOfFlags(provider: string, flags: ClaimFlags): readonly FlagClaim[] {
  return FLAG_NAMES.flatMap((name) => {
    const value = flags[name];
    if (value === undefined) return [];
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return [{ flag, claim: CLAIM_OF_FLAG[provider]?.[name], value }];
  });
}
