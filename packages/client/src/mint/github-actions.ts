import { OidcError } from "../error/oidc-error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { isForkPullRequest } from "./github-pull-request.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { type RequestEndpoint, requestEndpointSource } from "./request-endpoint.ts";

const GUIDE =
  "https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect";

const ENDPOINT: RequestEndpoint = {
  id: "github",
  title: "GitHub Actions",
  whenRefused: `Check that the job sets \`permissions: id-token: write\` and has not been running for longer than its token lives. See ${GUIDE}`,
  whenMissing: missingPermission,
};

/** Asks the runner's own endpoint, which GitHub offers to jobs with `permissions: id-token: write` only. */
export const githubActions: ProviderMinter = {
  id: ENDPOINT.id,
  title: ENDPOINT.title,
  detects: (environment) => environment.GITHUB_ACTIONS === "true",
  source: (environment, audience) => requestEndpointSource(ENDPOINT, environment, audience),
};

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
