import type { ClaimDefinition, ProviderPreset } from "./provider-preset.ts";

const NEST = "/kubernetes.io";
const SERVICE_ACCOUNT_UID = `${NEST}/serviceaccount/uid`;

const plain: ClaimDefinition = { type: "string" };
const uid: ClaimDefinition = {
  type: "string",
  shape: {
    pattern: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    hint: "Give the UUID that `kubectl get serviceaccount NAME -o jsonpath={.metadata.uid}` prints.",
  },
};

/** A Kubernetes service account's projected token: any cluster, EKS, GKE and AKS. Legacy secret tokens have no `exp`, `aud` or issuer URL. */
export const KUBERNETES_PRESET: ProviderPreset = {
  id: "kubernetes",
  title: "Kubernetes",
  publicIssuers: [],
  issuerShapes: [
    /^https:\/\/oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/id\/[0-9A-Z]{1,64}$/,
    /^https:\/\/container\.googleapis\.com\/v1\/projects\/[a-z0-9:.-]+\/(?:locations|zones)\/[a-z0-9-]+\/clusters\/[a-z0-9-]+$/,
    // Azure's own issuers end in a slash; it is part of `iss`, so both spellings are two issuers.
    /^https:\/\/[a-z0-9-]+\.oic\.prod-aks\.azure\.com\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/?$/,
    // Any other cluster names its issuer as it likes.
    /^https:\/\/(?!oidc\.eks\.|container\.googleapis\.com[:/]|[a-z0-9-]+\.oic\.prod-aks\.)[A-Za-z0-9.-]+(?::[0-9]+)?(?:\/[A-Za-z0-9._~/-]*)?$/,
  ],
  ownHosts: [
    /^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/,
    /^container\.googleapis\.com$/,
    /^[a-z0-9-]+\.oic\.prod-aks\.azure\.com$/,
  ],
  keyOrigins: [],
  algorithms: ["RS256", "ES256", "ES384"],
  claims: {
    sub: {
      type: "string",
      shape: { pattern: /^system:serviceaccount:[^:]+:[^:]+$/, hint: "Write system:serviceaccount:NAMESPACE:NAME." },
    },
    [`${NEST}/namespace`]: plain,
    [`${NEST}/serviceaccount/name`]: plain,
    [SERVICE_ACCOUNT_UID]: uid,
    [`${NEST}/pod/name`]: plain,
    [`${NEST}/pod/uid`]: uid,
    [`${NEST}/node/name`]: plain,
    [`${NEST}/node/uid`]: uid,
  },
  claimPrefixes: {},
  derived: {},
  openClaims: false,
  // A namespace or service account that was deleted can be made again under its name by somebody else; the uid cannot.
  tenantClaims: [SERVICE_ACCOUNT_UID],
  proofs: [[SERVICE_ACCOUNT_UID]],
  triggerRules: [],
  // The kubelet keeps one token in the file until four fifths of its life are over, and every command in the pod reads that one.
  replay: { withJti: { kind: "bounded", maxUses: 10 }, withoutJti: { kind: "bounded", maxUses: 10 } },
  maxAgeSeconds: 3600,
  source: {},
  runUrl: () => undefined,
  commitUrl: () => undefined,
};
