import { isSwitchedOn } from "../environment/environment.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import { idTokenOfCommand } from "./command-id-token.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

/** A ready token with less than this left is not worth sending. */
const SPARE_SECONDS = 60;

/**
 * The ready token where its audience fits, else the command that every CircleCI job has (`circleci run oidc get`).
 *
 * The ready token is for the organisation's id, so it fits only where that is the audience.
 */
export const circleCi: ProviderMinter = {
  id: "circleci",
  title: "CircleCI",
  detects: (environment) => environment.CIRCLECI === "true",
  source: (environment, audience) => {
    // Tokens of the issuer without an organisation in its URL, for hubs that know only that one.
    const root = isSwitchedOn(environment, "POSTERN_CIRCLECI_ROOT_ISSUER");
    const { CIRCLE_WORKFLOW_JOB_ID: job, CIRCLE_OIDC_TOKEN_V2: ready } = environment;
    return {
      identity: `circleci ${job} ${ready} ${audience} ${root}`,
      renewable: true,
      obtain: async (runtime, limits) => {
        const fitting = root ? undefined : readyToken(audience, runtime);
        if (fitting !== undefined) return fitting;
        const claims = JSON.stringify({ aud: audience });
        return idTokenOfCommand(
          {
            title: "CircleCI",
            command: "circleci",
            args: ["run", "oidc", "get", ...(root ? ["--root-issuer"] : []), "--claims", claims],
            audience,
            whenMissing: `Log in from a step of the job itself, or get the token there and pass it on: HF_OIDC_ID_TOKEN="$(circleci run oidc get --claims '${claims}')".`,
            whenRefused:
              "A build of a forked pull request gets no id token unless the project passes secrets to such builds, which is not advisable; publish after the merge.",
          },
          runtime,
          limits,
        );
      },
    };
  },
};

function readyToken(audience: string, runtime: Runtime): string | undefined {
  const token = cleanToken(runtime.environment.CIRCLE_OIDC_TOKEN_V2);
  const claims = token === undefined ? undefined : readUnverifiedClaims(token);
  if (claims === undefined || claims.audiences.length !== 1 || claims.audiences[0] !== audience) return undefined;
  return (claims.expiresAt ?? 0) - runtime.now() / 1000 < SPARE_SECONDS ? undefined : token;
}
