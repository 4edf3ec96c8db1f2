/** Providers with a preset, and `custom` for any other OIDC issuer. */
export const PROVIDER_IDS = [
  "github",
  "gitlab",
  "circleci",
  "bitbucket",
  "buildkite",
  "forgejo",
  "gcp",
  "aws",
  "azure",
  "kubernetes",
  "custom",
] as const;
export type ProviderId = (typeof PROVIDER_IDS)[number];

/** `undefined` when `text` names no provider. */
export function parseProviderId(text: string): ProviderId | undefined {
  return PROVIDER_IDS.find((id) => id === text);
}
