import { claimDefinitionOf } from "@postern/core/provider/configured-claim";
import { PRESETS } from "@postern/core/provider/presets";
import { PROVIDER_IDS } from "@postern/core/provider/provider-id";
import { describe, expect, it } from "vitest";
import { claimsOfFlags } from "./claim-flags.ts";

const ALL = { repository: "r", repositoryId: "1", ownerId: "2", workflow: "w", branch: "b", environment: "e" } as const;

describe("the flags of `publisher add`", () => {
  it.each(PROVIDER_IDS)("stand for claims that %s sends", (provider) => {
    for (const { flag, claim } of claimsOfFlags(provider, ALL)) {
      if (claim !== undefined) expect(claimDefinitionOf(PRESETS[provider], claim), flag).toBeDefined();
    }
  });

  it.each(["github", "gitlab", "circleci", "bitbucket", "buildkite", "forgejo"])(
    "pin an immutable id of %s",
    (provider) => {
      const preset = Object.values(PRESETS).find(({ id }) => id === provider);
      for (const { claim } of claimsOfFlags(provider, { repositoryId: "1", ownerId: "2" })) {
        expect(preset?.tenantClaims).toContain(claim);
      }
    },
  );

  it("have no claim where a provider sends none", () => {
    expect(claimsOfFlags("bitbucket", { repository: "acme/train" })).toEqual([
      { flag: "--repository", claim: undefined, value: "acme/train" },
    ]);
    expect(claimsOfFlags("circleci", { repositoryId: "x" })).toEqual([
      { flag: "--repository-id", claim: "oidc.circleci.com/project-id", value: "x" },
    ]);
  });
});
