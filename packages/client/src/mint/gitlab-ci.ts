import type { Environment } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";
import { cleanLine } from "../http/server-words.ts";
import { cleanToken } from "../token/clean-token.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { readUnverifiedClaims, type UnverifiedClaims } from "./unverified-claims.ts";

interface Candidate {
  readonly variable: string;
  readonly token: string;
  readonly claims: UnverifiedClaims;
}

/** A GitLab job cannot request an id token while it runs: it has those that its `id_tokens` keyword declares. */
export const gitlabCi: ProviderMinter = {
  id: "gitlab",
  title: "GitLab CI/CD",
  detects: (environment) => environment.GITLAB_CI === "true",
  source: (environment, audience) => {
    const { token } = choose(environment, audience);
    return { identity: `gitlab ${token}`, renewable: false, obtain: async () => token };
  },
};

function choose(environment: Environment, audience: string): Candidate {
  const candidates = idTokensIn(environment);
  const fitting = candidates.filter(({ claims }) => claims.audiences.includes(audience));
  const [first] = fitting;
  if (first === undefined) throw missing(environment, audience, candidates);
  if (fitting.some(({ token }) => token !== first.token)) throw ambiguous(audience, fitting);
  return first;
}

function idTokensIn(environment: Environment): readonly Candidate[] {
  return Object.entries(environment).flatMap(([variable, value]) => {
    const token = cleanToken(value);
    const claims = token === undefined ? undefined : readUnverifiedClaims(token);
    return token === undefined || claims === undefined ? [] : [{ variable, token, claims }];
  });
}

function missing(environment: Environment, audience: string, candidates: readonly Candidate[]): OidcError {
  // Only this GitLab's own tokens are worth mentioning: other JWTs in the environment are nobody's business.
  const own = candidates.filter(({ claims }) => claims.issuer === environment.CI_SERVER_URL);
  const others = own.map(({ variable, claims }) => `${variable} has the audience ${claims.audiences.join(", ")}`);
  const found =
    others.length === 0 ? "" : ` (${cleanLine(others.join("; "))}; it must be the same text, to the last slash)`;
  return new OidcError(
    "mint_variable_missing",
    `This GitLab job has no id token for ${audience}${found}. Declare one in the job, in .gitlab-ci.yml:\n\n${declaration(audience)}\n`,
  );
}

function ambiguous(audience: string, fitting: readonly Candidate[]): OidcError {
  const names = fitting.map(({ variable }) => variable).join(", ");
  return new OidcError(
    "mint_variable_ambiguous",
    `This GitLab job has several id tokens for ${audience}: ${names}. Keep one, or name the one to use HF_OIDC_ID_TOKEN, in .gitlab-ci.yml:\n\n${declaration(audience)}\n`,
  );
}

/** Named `HF_OIDC_ID_TOKEN`, because every client reads that variable without further advice. */
function declaration(audience: string): string {
  return ["  id_tokens:", "    HF_OIDC_ID_TOKEN:", `      aud: ${audience}`].join("\n");
}
