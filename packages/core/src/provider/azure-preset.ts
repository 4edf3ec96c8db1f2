import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/** The tenant of all personal Microsoft accounts: nobody's organisation. */
const CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad";

const plain: ClaimDefinition = { type: "string" };
const guid: ClaimDefinition = {
  type: "string",
  shape: { pattern: new RegExp(`^${GUID}$`), hint: "Give the GUID in lower case, as the portal shows it." },
};

/** Azure and Microsoft Entra: a managed identity or a federated workload, in one tenant; tokens of version 1 and 2. */
export const AZURE_PRESET: ProviderPreset = {
  id: "azure",
  title: "Azure / Microsoft Entra",
  publicIssuers: [],
  // One tenant each. `common`, `organizations` and `consumers` stand for everybody's tenants and never issue a token.
  issuerShapes: [
    new RegExp(`^https://login\\.microsoftonline\\.com/(?!${CONSUMERS})${GUID}/v2\\.0$`),
    // The slash at the end is part of the issuer of version 1.
    new RegExp(`^https://sts\\.windows\\.net/(?!${CONSUMERS})${GUID}/$`),
  ],
  ownHosts: [/^login\.microsoftonline\.com$/, /^sts\.windows\.net$/],
  // Version 1 publishes its keys at the other host.
  keyOrigins: ["https://login.microsoftonline.com", "https://login.windows.net"],
  algorithms: ["RS256"],
  claims: {
    sub: plain,
    tid: guid,
    oid: guid,
    appid: guid,
    azp: guid,
    idtyp: plain,
    ver: { ...plain, shape: { pattern: /^[12]\.0$/, hint: "Entra sends 1.0 or 2.0." } },
    xms_mirid: { ...plain, compare: "ci-ascii" },
  },
  claimPrefixes: {},
  derived: {},
  openClaims: false,
  tenantClaims: ["oid"],
  requiredClaims: [
    { claim: "tid", why: "An object id counts within its tenant only, so a publisher must pin the tenant." },
  ],
  proofs: [["oid", "tid"]],
  triggerRules: [],
  publisherAudience: {
    // What an app registration can be called. Microsoft's own services are left out: tokens for them lie about everywhere.
    pattern: new RegExp(
      `^(?:api://(?!AzureADTokenExchange)[A-Za-z0-9._~/-]{1,200}|(?!0000000[0-9a-f]-0000-0000-c000-)${GUID})$`,
    ),
    hint: "Give the application id URI (api://…, tokens of version 1) or the client id (a GUID, version 2) of an app registration that stands for this hub and for nothing else.",
  },
  // No `jti`; `uti` is the token's own id.
  tokenIdClaim: "uti",
  // Azure hands every process of a machine the same token, for up to a day: two publications an hour fit.
  replay: { withJti: { kind: "bounded", maxUses: 50 }, withoutJti: { kind: "bounded", maxUses: 50 } },
  maxAgeSeconds: 86_400,
  source: {},
  runUrl: () => undefined,
  commitUrl: () => undefined,
};
