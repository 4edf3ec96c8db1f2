import type { ProviderPreset } from "./provider-preset.ts";

/** Any other OIDC issuer: no claim is known, so values are compared exactly and with their JSON type. */
export const CUSTOM_PRESET: ProviderPreset = {
  id: "custom",
  title: "Another OIDC issuer",
  publicIssuers: [],
  issuerShapes: [],
  ownHosts: [],
  keyOrigins: [],
  algorithms: ["RS256", "ES256", "ES384"],
  claims: {},
  claimPrefixes: {},
  derived: {},
  openClaims: true,
  tenantClaims: [],
  // OpenID Connect Core 1.0 §2: `sub` is never reassigned within its issuer.
  proofs: [["sub"]],
  triggerRules: [],
  replay: { withJti: { kind: "single-use" }, withoutJti: { kind: "bounded", maxUses: 10 } },
  maxAgeSeconds: 3600,
  source: {},
  runUrl: () => undefined,
  commitUrl: () => undefined,
};
