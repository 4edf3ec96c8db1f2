import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import { parseObject } from "../http/json-object.ts";
import { sendRequest } from "../http/send-request.ts";
import { readServerWords } from "../http/server-words.ts";
import { maskSecret } from "../masking/github-mask.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import { isForkPullRequest } from "./github-pull-request.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

const GUIDE =
  "https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect";

/** Asks the runner's own endpoint, which GitHub offers to jobs with `permissions: id-token: write` only. */
export const githubActions: ProviderMinter = {
  id: "github",
  title: "GitHub Actions",
  detects: (environment) => environment.GITHUB_ACTIONS === "true",
  source: (environment, audience) => {
    const url = environment.ACTIONS_ID_TOKEN_REQUEST_URL?.trim();
    const bearer = cleanToken(environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
    return {
      identity: `github ${url} ${bearer}`,
      renewable: true,
      obtain: async (runtime, limits) => {
        if (!url || bearer === undefined) throw await missingPermission(runtime);
        return mint(url, bearer, audience, runtime, limits);
      },
    };
  },
};

async function mint(
  requestUrl: string,
  bearer: string,
  audience: string,
  runtime: Runtime,
  limits: CallLimits,
): Promise<string> {
  const url = URL.canParse(requestUrl) ? new URL(requestUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || !/^[\x21-\x7e]+$/.test(bearer)) {
    throw new OidcError(
      "mint_failed",
      "ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN is not what GitHub puts there. Do not set them yourself.",
    );
  }
  // Merged into the query, because GitHub's own `api-version` stands there already.
  url.searchParams.set("audience", audience);
  const answer = await sendRequest(
    {
      method: "GET",
      url: url.href,
      headers: { accept: "application/json", authorization: `Bearer ${bearer}` },
      // Asking twice only makes a second token, so every failure that may pass is worth another try.
      retryStatuses: new Set([429, 500, 502, 503, 504]),
      retryWithoutAnswer: true,
      name: "The request for a GitHub Actions id token",
    },
    runtime,
    limits,
  );
  const words = readServerWords(answer.status, answer.headers, answer.body);
  if (answer.status !== 200) {
    const said = words.errorDescription === undefined ? "" : `: ${words.errorDescription}`;
    throw new OidcError(
      "mint_failed",
      `GitHub Actions refused to issue an id token (status ${answer.status})${said}. Check that the job sets \`permissions: id-token: write\` and has not been running for longer than its token lives. See ${GUIDE}`,
      words,
    );
  }
  const value = parseObject(answer.body)?.value;
  if (typeof value !== "string" || readUnverifiedClaims(value) === undefined) {
    throw new OidcError("mint_failed", "GitHub Actions answered without an id token. Run the job again.", {
      status: answer.status,
      requestId: words.requestId,
    });
  }
  maskSecret(value, runtime);
  return value;
}

async function missingPermission(runtime: Runtime): Promise<OidcError> {
  if (await isForkPullRequest(runtime)) {
    return new OidcError(
      "mint_fork_pull_request",
      "GitHub gives no id token to a pull request from a fork, whatever the job's permissions are. Publish after the merge: run this step on `push`, a tag or `release`, or skip it with `if: github.event.pull_request.head.repo.full_name == github.repository`.",
    );
  }
  return new OidcError(
    "mint_permission_missing",
    `This GitHub Actions job may not request an id token. Add \`permissions:\` with \`id-token: write\` (and \`contents: read\` for the checkout) to the job; a reusable workflow needs it in the calling job too. See ${GUIDE}`,
  );
}
