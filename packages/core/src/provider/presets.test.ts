import { describe, expect, it } from "vitest";
import { EXCHANGE_CODES } from "../error/exchange-codes.ts";
import { parseIssuerUrl } from "../issuer/issuer-url.ts";
import { claimDefinitionOf } from "./configured-claim.ts";
import { defaultIssuerOf, fitIssuer } from "./issuer-of-provider.ts";
import { PRESETS } from "./presets.ts";

function fit(provider: keyof typeof PRESETS, text: string, allowOrigins: readonly string[] = []): string {
  const url = parseIssuerUrl(text);
  return url === undefined ? "no issuer" : fitIssuer(provider, url, allowOrigins).kind;
}

const GUID = "aaaabbbb-0000-cccc-1111-dddd2222eeee";

describe("the presets", () => {
  it.each(Object.values(PRESETS))("of $id know every claim that their own rules name", (preset) => {
    const named = [...preset.tenantClaims, ...preset.triggerRules.flatMap(({ unlessPinned }) => unlessPinned ?? [])];
    if (!preset.openClaims) named.push(...preset.proofs.flat());
    for (const name of named) expect(claimDefinitionOf(preset, name), name).toBeDefined();
    for (const { code } of preset.triggerRules) expect(EXCHANGE_CODES[code]).toBeDefined();
    for (const issuer of preset.publicIssuers) expect(fit(preset.id, issuer)).toBe("fits");
  });

  it("require only claims that they know", () => {
    for (const preset of Object.values(PRESETS)) {
      for (const { claim } of preset.requiredClaims ?? []) expect(claimDefinitionOf(preset, claim)).toBeDefined();
    }
  });

  it("prove identity by ids that a tenant rule accepts", () => {
    for (const preset of Object.values(PRESETS)) {
      if (preset.tenantClaims.length === 0) continue;
      for (const [first] of preset.proofs) expect(preset.tenantClaims).toContain(first);
    }
  });
});

describe("fitIssuer", () => {
  it.each([
    ["fits", "github", "https://token.actions.githubusercontent.com"],
    ["fits", "github", "https://token.actions.githubusercontent.com/acme-corp"],
    ["fits", "github", "https://token.actions.octo.ghe.com"],
    ["fits", "github", "https://ghes.example/_services/token"],
    ["wrong-shape", "github", "https://token.actions.githubusercontent.com/"],
    ["wrong-shape", "github", "https://token.actions.githubusercontent.com/a/b"],
    ["wrong-shape", "github", "https://token.actions.githubusercontent.com.evil.example"],
    ["wrong-shape", "github", "https://ghes.example/_services/token/"],
    ["wrong-shape", "github", "http://127.0.0.1:8081/github"],
    ["other-preset", "github", "https://gitlab.com"],
    ["fits", "gitlab", "https://git.example/gitlab"],
    ["other-preset", "gitlab", "https://token.actions.octo.ghe.com"],
    ["other-preset", "custom", "https://TOKEN.actions.githubusercontent.com/x"],
    ["other-preset", "custom", "https://gitlab.com./"],
    ["fits", "custom", "https://issuer.example/"],
    ["fits", "circleci", "https://oidc.circleci.com"],
    ["fits", "circleci", "https://oidc.circleci.com/org/5034460f-c7c4-4c43-9457-de07e2029e7b"],
    ["wrong-shape", "circleci", "https://oidc.circleci.com/"],
    ["wrong-shape", "circleci", "https://oidc.circleci.com/org/acme"],
    ["wrong-shape", "circleci", "https://oidc.circleci.com.evil.example/org/5034460f-c7c4-4c43-9457-de07e2029e7b"],
    ["other-preset", "custom", "https://oidc.circleci.com/org/5034460f-c7c4-4c43-9457-de07e2029e7b"],
    ["fits", "bitbucket", "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"],
    ["wrong-shape", "bitbucket", "https://api.bitbucket.org/2.0/workspaces/a/b/pipelines-config/identity/oidc"],
    ["wrong-shape", "bitbucket", "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc/"],
    ["other-preset", "custom", "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"],
    ["fits", "forgejo", "https://git.example/forge/api/actions"],
    ["wrong-shape", "forgejo", "https://git.example"],
    ["other-preset", "custom", "https://codeberg.org/api/actions"],
    ["fits", "buildkite", "https://agent.buildkite.com"],
    ["wrong-shape", "buildkite", "https://agent.buildkite.com/acme"],
    ["other-preset", "gitlab", "https://agent.buildkite.com"],
    ["fits", "gcp", "https://accounts.google.com"],
    ["wrong-shape", "gcp", "https://accounts.google.com/"],
    ["other-preset", "custom", "https://accounts.google.com"],
    ["fits", "aws", `https://${GUID}.tokens.sts.global.api.aws`],
    ["wrong-shape", "aws", `https://${GUID}.tokens.sts.global.api.aws/`],
    ["wrong-shape", "aws", "https://acme.tokens.sts.global.api.aws"],
    ["wrong-shape", "aws", `https://${GUID}.tokens.sts.global.api.aws.evil.example`],
    ["other-preset", "custom", `https://${GUID}.tokens.sts.global.api.aws`],
    ["fits", "azure", `https://sts.windows.net/${GUID}/`],
    ["wrong-shape", "azure", `https://sts.windows.net/${GUID}`],
    ["fits", "azure", `https://login.microsoftonline.com/${GUID}/v2.0`],
    ["wrong-shape", "azure", `https://login.microsoftonline.com/${GUID}/v2.0/`],
    ["wrong-shape", "azure", "https://login.microsoftonline.com/common/v2.0"],
    ["wrong-shape", "azure", "https://login.microsoftonline.com/organizations/v2.0"],
    ["wrong-shape", "azure", "https://login.microsoftonline.com/consumers/v2.0"],
    ["wrong-shape", "azure", "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"],
    ["wrong-shape", "azure", "https://login.microsoftonline.com/{tenantid}/v2.0"],
    ["other-preset", "custom", "https://login.microsoftonline.com/common/v2.0"],
    ["fits", "kubernetes", "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"],
    ["wrong-shape", "kubernetes", "https://oidc.eks.us-east-1.amazonaws.com/id/"],
    ["fits", "kubernetes", "https://container.googleapis.com/v1/projects/my-proj/locations/us-west1/clusters/c-1"],
    ["wrong-shape", "kubernetes", "https://container.googleapis.com/v1/projects/my-proj"],
    ["fits", "kubernetes", `https://eastus.oic.prod-aks.azure.com/${GUID}/${GUID}/`],
    ["fits", "kubernetes", `https://eastus.oic.prod-aks.azure.com/${GUID}/${GUID}`],
    ["wrong-shape", "kubernetes", "https://eastus.oic.prod-aks.azure.com/"],
    ["fits", "kubernetes", "https://kubernetes.default.svc.cluster.local"],
    ["fits", "kubernetes", "https://api.cluster.corp.example:6443"],
    ["wrong-shape", "kubernetes", "http://kubernetes.default.svc"],
    ["other-preset", "custom", "https://oidc.eks.us-east-1.amazonaws.com/id/ABCD"],
    ["other-preset", "gitlab", "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c"],
  ] as const)("says %s to %s at %s", (expected, provider, url) => expect(fit(provider, url)).toBe(expected));

  it("lets an excepted origin stand in for the shape, but never for another preset's host", () => {
    expect(fit("github", "http://127.0.0.1:8081/github", ["http://127.0.0.1:8081"])).toBe("fits");
    expect(fit("custom", "https://gitlab.com/x", ["https://gitlab.com"])).toBe("other-preset");
    const entra = "https://login.microsoftonline.com";
    expect(fit("azure", `${entra}/common/v2.0`, [entra])).toBe("wrong-shape");
  });
});

describe("defaultIssuerOf", () => {
  it("is the public issuer, where there is one", () => {
    expect(defaultIssuerOf("github")).toBe("https://token.actions.githubusercontent.com");
    expect(defaultIssuerOf("custom")).toBeUndefined();
  });
});
