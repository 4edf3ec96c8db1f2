import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const ENGINE = "/google/compute_engine";

const plain: ClaimDefinition = { type: "string" };
const digits: ClaimDefinition = {
  type: "string",
  shape: {
    pattern: /^[0-9]{6,30}$/,
    hint: "Give the service account's numeric unique id: gcloud iam service-accounts describe EMAIL --format='value(uniqueId)'",
  },
};

/** Google Cloud: the identity token that a VM, a Cloud Run job or a build gets from its metadata server. */
export const GCP_PRESET: ProviderPreset = {
  id: "gcp",
  title: "Google Cloud",
  // One issuer for everybody at Google, people included.
  publicIssuers: ["https://accounts.google.com"],
  issuerShapes: [/^https:\/\/accounts\.google\.com$/],
  ownHosts: [/^accounts\.google\.com$/],
  keyOrigins: ["https://www.googleapis.com"],
  algorithms: ["RS256"],
  claims: {
    sub: digits,
    azp: plain,
    email: plain,
    email_verified: { type: "boolean" },
    [`${ENGINE}/project_id`]: plain,
    [`${ENGINE}/project_number`]: { type: "number" },
    [`${ENGINE}/zone`]: plain,
    [`${ENGINE}/instance_id`]: plain,
    [`${ENGINE}/instance_name`]: plain,
    [`${ENGINE}/instance_creation_timestamp`]: { type: "number" },
  },
  claimPrefixes: {},
  derived: {},
  openClaims: false,
  // A deleted service account's mail address can be made again; its numeric id is never given out twice.
  tenantClaims: ["sub"],
  proofs: [["sub"]],
  triggerRules: [],
  // No `jti`, and not every metadata server promises a token of its own to each command of a job.
  replay: { withJti: { kind: "bounded", maxUses: 10 }, withoutJti: { kind: "bounded", maxUses: 10 } },
  maxAgeSeconds: 3600,
  source: {},
  runUrl: () => undefined,
  commitUrl: () => undefined,
};
