import { OidcError } from "../error/oidc-error.ts";
import { cleanLine } from "../http/server-words.ts";
import { cleanToken } from "../token/clean-token.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

const VARIABLE = "BITBUCKET_STEP_OIDC_TOKEN";
/** Longest audience that Bitbucket takes, in characters. */
const LONGEST_AUDIENCE = 150;

/** A Bitbucket step gets one token for all the audiences that its `oidc` keyword lists, before it starts. */
export const bitbucketPipelines: ProviderMinter = {
  id: "bitbucket",
  title: "Bitbucket Pipelines",
  detects: ({ BITBUCKET_BUILD_NUMBER: build }) => build !== undefined && build !== "",
  source: (environment, audience) => {
    const token = cleanToken(environment[VARIABLE]);
    const claims = token === undefined ? undefined : readUnverifiedClaims(token);
    if (token === undefined || !claims?.audiences.includes(audience)) throw missing(audience, claims?.audiences);
    return { identity: `bitbucket ${token}`, renewable: false, obtain: async () => token };
  },
};

function missing(audience: string, found: readonly string[] | undefined): OidcError {
  const got =
    found === undefined
      ? ""
      : ` (${VARIABLE} is for ${cleanLine(found.join(", ")) ?? "nobody"}; the audience must be the same text, to the last slash)`;
  const long = audience.length > LONGEST_AUDIENCE ? ` Bitbucket takes at most ${LONGEST_AUDIENCE} characters.` : "";
  return new OidcError(
    "mint_variable_missing",
    `This Bitbucket step has no id token for ${audience}${got}. List that audience alone on the step, in bitbucket-pipelines.yml:\n\n${declaration(audience)}\n${long}`,
  );
}

function declaration(audience: string): string {
  return ["    - step:", "        oidc:", "          audiences:", `            - ${audience}`].join("\n");
}
