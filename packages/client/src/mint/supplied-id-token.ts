import type { Environment } from "../environment/environment.ts";
import { maskSecret } from "../masking/github-mask.ts";
import { cleanToken } from "../token/clean-token.ts";
import type { IdTokenSource } from "./provider-minter.ts";

/** The ready id token in `HF_OIDC_ID_TOKEN`, for any provider; empty counts as unset. */
export function suppliedIdToken(environment: Environment): IdTokenSource | undefined {
  const token = cleanToken(environment.HF_OIDC_ID_TOKEN);
  return token === undefined ? undefined : suppliedSource(token);
}

/** An id token that somebody else minted: it serves as long as it lives and cannot be had again. */
export function suppliedSource(token: string): IdTokenSource {
  return {
    identity: `supplied ${token}`,
    renewable: false,
    obtain: async (runtime) => {
      // Unlike a secret of the repository, it came by a way that the runner does not watch.
      maskSecret(token, runtime);
      return token;
    },
  };
}
