import { AWS_PRESET } from "./aws-preset.ts";
import { AZURE_PRESET } from "./azure-preset.ts";
import { BITBUCKET_PRESET } from "./bitbucket-preset.ts";
import { BUILDKITE_PRESET } from "./buildkite-preset.ts";
import { CIRCLECI_PRESET } from "./circleci-preset.ts";
import { CUSTOM_PRESET } from "./custom-preset.ts";
import { FORGEJO_PRESET } from "./forgejo-preset.ts";
import { GCP_PRESET } from "./gcp-preset.ts";
import { GITHUB_PRESET } from "./github-preset.ts";
import { GITLAB_PRESET } from "./gitlab-preset.ts";
import { KUBERNETES_PRESET } from "./kubernetes-preset.ts";
import type { ProviderId } from "./provider-id.ts";
import type { ProviderPreset } from "./provider-preset.ts";

/** Every preset, by its id. */
export const PRESETS: Readonly<Record<ProviderId, ProviderPreset>> = {
  github: GITHUB_PRESET,
  gitlab: GITLAB_PRESET,
  circleci: CIRCLECI_PRESET,
  bitbucket: BITBUCKET_PRESET,
  buildkite: BUILDKITE_PRESET,
  forgejo: FORGEJO_PRESET,
  gcp: GCP_PRESET,
  aws: AWS_PRESET,
  azure: AZURE_PRESET,
  kubernetes: KUBERNETES_PRESET,
  custom: CUSTOM_PRESET,
};
