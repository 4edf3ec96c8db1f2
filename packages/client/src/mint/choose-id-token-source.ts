import type { Environment } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";
import { aws } from "./aws.ts";
import { azure } from "./azure.ts";
import { bitbucketPipelines } from "./bitbucket-pipelines.ts";
import { buildkite } from "./buildkite.ts";
import { circleCi } from "./circleci.ts";
import { forgejo } from "./forgejo.ts";
import { gcp } from "./gcp.ts";
import { githubActions } from "./github-actions.ts";
import { gitlabCi } from "./gitlab-ci.ts";
import { kubernetes } from "./kubernetes.ts";
import type { IdTokenSource, ProviderMinter } from "./provider-minter.ts";
import { suppliedIdToken } from "./supplied-id-token.ts";

/**
 * Providers whose id tokens are found or minted without help, in the order in which they are looked for: the CI job first, whose
 * runner may itself be a pod; then what is mounted in the pod; then the cloud below it, which several pods share.
 */
export const OIDC_PROVIDERS = [
  "forgejo",
  "github",
  "gitlab",
  "circleci",
  "bitbucket",
  "buildkite",
  "kubernetes",
  "azure",
  "aws",
  "gcp",
] as const;
export type OidcProvider = (typeof OIDC_PROVIDERS)[number];

const MINTERS: Readonly<Record<OidcProvider, ProviderMinter>> = {
  forgejo,
  github: githubActions,
  gitlab: gitlabCi,
  circleci: circleCi,
  bitbucket: bitbucketPipelines,
  buildkite,
  kubernetes,
  azure,
  aws,
  gcp,
};

const SUPPORTED = OIDC_PROVIDERS.map((id) => `${id} (${MINTERS[id].title})`).join(", ");

/** The CI provider whose job this is; `undefined` when it is none that can mint here. */
export function detectProvider(environment: Environment): OidcProvider | undefined {
  return OIDC_PROVIDERS.find((id) => MINTERS[id].detects(environment));
}

/**
 * A named provider (by the caller, else by `HF_OIDC_PROVIDER`), else the ready id token in `HF_OIDC_ID_TOKEN`, else the provider whose job this is.
 *
 * @throws {OidcError} `unsupported_provider`, `no_provider`, or what the provider's own rules say.
 */
export function chooseIdTokenSource(
  environment: Environment,
  audience: string,
  named: string | undefined,
): IdTokenSource {
  const provider = named ?? (environment.HF_OIDC_PROVIDER?.trim() || undefined);
  if (provider !== undefined) {
    const id = OIDC_PROVIDERS.find((known) => known === provider);
    if (id !== undefined) return MINTERS[id].source(environment, audience);
    throw new OidcError(
      "unsupported_provider",
      `No id token can be minted for the provider "${provider.slice(0, 40)}". Supported: ${SUPPORTED}. For any other, put its id token in HF_OIDC_ID_TOKEN.`,
    );
  }
  const supplied = suppliedIdToken(environment);
  if (supplied !== undefined) return supplied;
  const detected = detectProvider(environment);
  if (detected !== undefined) return MINTERS[detected].source(environment, audience);
  throw new OidcError(
    "no_provider",
    `There is no id token to log in with: this is no job of a supported CI provider and HF_OIDC_ID_TOKEN is not set. Supported: ${SUPPORTED}. For any other, put its id token, with the audience ${audience}, in HF_OIDC_ID_TOKEN; outside CI, unset HF_OIDC_RESOURCE.`,
  );
}
