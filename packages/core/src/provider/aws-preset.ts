import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

/** STS nests its claims under a member whose name is a URL; `~1` is `/` in a JSON pointer (RFC 6901 §3). */
const NEST = "/https:~1~1sts.amazonaws.com~1";
const ACCOUNT = `${NEST}/aws_account`;

const plain: ClaimDefinition = { type: "string" };
const chosen: ClaimDefinition = { type: "string", text: true };

/** AWS: the token of STS `GetWebIdentityToken`, from the issuer of one account. Pods on EKS are `kubernetes`. */
export const AWS_PRESET: ProviderPreset = {
  id: "aws",
  title: "AWS",
  publicIssuers: [],
  issuerShapes: [/^https:\/\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tokens\.sts\.global\.api\.aws$/],
  ownHosts: [/(?:^|\.)tokens\.sts\.global\.api\.aws$/],
  keyOrigins: [],
  algorithms: ["ES384", "RS256"],
  claims: {
    sub: {
      type: "string",
      shape: {
        pattern: /^arn:aws[a-z-]*:(?:iam|sts)::[0-9]{12}:[!-~]+$/,
        hint: "Give the whole ARN of the role: arn:aws:iam::123456789012:role/Publisher",
      },
    },
    [ACCOUNT]: {
      type: "string",
      shape: { pattern: /^[0-9]{12}$/, hint: "Give the twelve digits of the account as a string." },
    },
    [`${NEST}/source_region`]: plain,
    [`${NEST}/principal_id`]: plain,
    [`${NEST}/org_id`]: plain,
    [`${NEST}/federated_provider`]: plain,
    [`${NEST}/source_identity`]: plain,
    [`${NEST}/lambda_source_function_arn`]: plain,
    [`${NEST}/ec2_source_instance_arn`]: plain,
  },
  claimPrefixes: { [`${NEST}/principal_tags/`]: chosen, [`${NEST}/request_tags/`]: chosen },
  derived: {},
  openClaims: false,
  tenantClaims: [ACCOUNT],
  requiredClaims: [
    {
      claim: "sub",
      why: "Every role of the account may ask for a token, so a publisher must pin the role.",
    },
  ],
  proofs: [[ACCOUNT, "sub"]],
  triggerRules: [],
  // A client asks for a token of its own each time, for five minutes.
  replay: { withJti: { kind: "single-use" }, withoutJti: { kind: "single-use" } },
  maxAgeSeconds: 3600,
  source: {},
  runUrl: () => undefined,
  commitUrl: () => undefined,
};
