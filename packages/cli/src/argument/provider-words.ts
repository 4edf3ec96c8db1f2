import { PROVIDER_IDS } from "@postern/core/provider/provider-id";

const presets = PROVIDER_IDS.filter((id) => id !== "custom").join(", ");

/** What `--provider` takes, for help texts. */
export const PROVIDER_WORDS: string = `${presets}, or custom for any other OIDC issuer`;

/** What `simulate --provider` takes, for its help text. */
export const SIMULATED_WORDS: string = presets;
