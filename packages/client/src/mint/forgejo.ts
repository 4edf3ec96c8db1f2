import { OidcError } from "../error/oidc-error.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { type RequestEndpoint, requestEndpointSource } from "./request-endpoint.ts";

const ENDPOINT: RequestEndpoint = {
  id: "forgejo",
  title: "Forgejo Actions",
  whenRefused: "Check that the job sets `enable-openid-connect: true` and is still running.",
  whenMissing: async () =>
    new OidcError(
      "mint_permission_missing",
      "This Forgejo job may not request an id token. Add `enable-openid-connect: true` to the job or to the workflow; the instance must offer it (Forgejo 15 or newer).",
    ),
};

/** Asks the instance, by GitHub's protocol. A Forgejo job also says that it is one of GitHub's, so this comes first. */
export const forgejo: ProviderMinter = {
  id: ENDPOINT.id,
  title: ENDPOINT.title,
  detects: (environment) => environment.FORGEJO_ACTIONS === "true",
  source: (environment, audience) => requestEndpointSource(ENDPOINT, environment, audience),
};
