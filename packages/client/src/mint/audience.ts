import type { Environment } from "../environment/environment.ts";
import { cleanToken } from "../token/clean-token.ts";

/**
 * Who must accept the id token: what the caller says, else `HF_OIDC_AUDIENCE`, else the endpoint.
 *
 * Entra signs only for something that is registered with it, so there the endpoint's own address cannot be the audience.
 */
export function audienceOf(explicit: string | undefined, endpoint: string, environment: Environment): string {
  return explicit ?? cleanToken(environment.HF_OIDC_AUDIENCE) ?? endpoint;
}
