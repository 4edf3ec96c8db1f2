import { CUSTOM_PRESET } from "./custom-preset.ts";
import { GITHUB_PRESET } from "./github-preset.ts";
import { GITLAB_PRESET } from "./gitlab-preset.ts";
import type { ProviderId } from "./provider-id.ts";
import type { ProviderPreset } from "./provider-preset.ts";

/** Every preset, by its id. */
export const PRESETS: Readonly<Record<ProviderId, ProviderPreset>> = {
  github: GITHUB_PRESET,
  gitlab: GITLAB_PRESET,
  custom: CUSTOM_PRESET,
};
