import { describe, expect, it } from "vitest";
import type { ClaimSet } from "../claims/claim-set.ts";
import { ApiError } from "../error/api-error.ts";
import { parsePublisherDraft } from "../publisher/publisher-draft.ts";
import { validateClaims } from "../publisher/validate-claims.ts";
import { readConfiguredClaim } from "./configured-claim.ts";
import { PRESETS } from "./presets.ts";

const UID = "a709ef71-0d5c-4a4c-8b1d-9e8c4f3a2b10";
const K8S_UID = "/kubernetes.io/serviceaccount/uid";
const ACCOUNT = "/https:~1~1sts.amazonaws.com~1/aws_account";
const ROLE = "arn:aws:iam::123456789012:role/Publisher";

function refusalOf(provider: string, claims: Readonly<Record<string, unknown>>): string | undefined {
  try {
    validateClaims(parsePublisherDraft({ provider, claims }));
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return String(error.wire().body.field);
    throw error;
  }
}

describe("a publisher of a cloud's workload", () => {
  it.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ["kubernetes", { [K8S_UID]: UID, "/kubernetes.io/namespace": "ml", sub: "system:serviceaccount:ml:publisher" }],
    ["gcp", { sub: "112233445566778899000", email_verified: true, "/google/compute_engine/project_number": 739 }],
    ["aws", { [ACCOUNT]: "123456789012", sub: ROLE, "/https:~1~1sts.amazonaws.com~1/principal_tags/team": "ml" }],
    ["azure", { oid: UID, tid: UID, idtyp: "app" }],
  ])("of %s may pin ids, names and nested claims with their types", (provider, claims) => {
    expect(refusalOf(provider, claims)).toBeUndefined();
  });

  it.each<readonly [string, string, string, Readonly<Record<string, unknown>>]>([
    ["names only", "/claims", "kubernetes", { sub: "system:serviceaccount:ml:publisher" }],
    ["a uid that is a name", "/claims/~1kubernetes.io~1serviceaccount~1uid", "kubernetes", { [K8S_UID]: "publisher" }],
    [
      "a dotted path",
      "/claims/kubernetes.io.namespace",
      "kubernetes",
      { [K8S_UID]: UID, "kubernetes.io.namespace": "ml" },
    ],
    ["a mail address only", "/claims", "gcp", { email: "p@my-proj.iam.gserviceaccount.com" }],
    ["a mail address as sub", "/claims/sub", "gcp", { sub: "p@my-proj.iam.gserviceaccount.com" }],
    ["a boolean as text", "/claims/email_verified", "gcp", { sub: "112233445566778899000", email_verified: "true" }],
    [
      "a number as text",
      "/claims/~1google~1compute_engine~1project_number",
      "gcp",
      { sub: "112233445566778899000", "/google/compute_engine/project_number": "739" },
    ],
    ["an account without its role", "/claims", "aws", { [ACCOUNT]: "123456789012" }],
    ["a role without its account", "/claims", "aws", { sub: ROLE }],
    [
      "a short account",
      "/claims/~1https:~01~01sts.amazonaws.com~01~1aws_account",
      "aws",
      { [ACCOUNT]: "123", sub: ROLE },
    ],
    ["a tenant without the object", "/claims", "azure", { tid: UID }],
    ["an object without its tenant", "/claims", "azure", { oid: UID }],
    ["an app id only", "/claims", "azure", { appid: UID }],
  ])("is refused with %s", (_what, field, provider, claims) => {
    expect(refusalOf(provider, claims)).toBe(field);
  });
});

describe("nested claims", () => {
  const claims: ClaimSet = {
    "kubernetes.io": { serviceaccount: { uid: UID } },
    "https://sts.amazonaws.com/": { aws_account: "123456789012", principal_tags: { team: "ml" } },
    google: { compute_engine: { project_number: 739 } },
  };

  it.each([
    ["kubernetes", K8S_UID, UID],
    ["aws", ACCOUNT, "123456789012"],
    ["aws", "/https:~1~1sts.amazonaws.com~1/principal_tags/team", "ml"],
    ["gcp", "/google/compute_engine/project_number", 739],
    ["gcp", "/google/compute_engine", { project_number: 739 }],
    ["kubernetes", "/kubernetes.io/serviceaccount/uid/0", undefined],
  ] as const)("of %s are read at %s", (provider, pointer, expected) => {
    expect(readConfiguredClaim(PRESETS[provider], claims, pointer)).toEqual(expected);
  });
});

describe("the audience that an Entra publisher may name", () => {
  const { publisherAudience } = PRESETS.azure;

  it.each([
    [true, "api://6e74172b-be56-4843-9ff4-e66a39bb12e3"],
    [true, "api://hub.corp.example/postern"],
    [true, "6e74172b-be56-4843-9ff4-e66a39bb12e3"],
    [false, "https://management.azure.com/"],
    [false, "https://graph.microsoft.com"],
    [false, "00000003-0000-0000-c000-000000000000"],
    [false, "api://AzureADTokenExchange"],
    [false, "api://"],
    [false, "hub"],
    [false, "api://a b"],
    [false, ""],
  ])("fits %s: %s", (fits, audience) => {
    expect(publisherAudience?.pattern.test(audience)).toBe(fits);
  });

  it("is a thing of this provider alone", () => {
    const others = Object.values(PRESETS).filter((preset) => preset.publisherAudience !== undefined);
    expect(others.map(({ id }) => id)).toEqual(["azure"]);
  });
});
