import type { KnownExchangeCode } from "../error/exchange-codes.ts";
import type { ClaimCheck } from "./claim-check.ts";

const CODE_OF_CLAIM: Readonly<Record<string, KnownExchangeCode>> = {
  workflow: "TP1802",
  caller_workflow: "TP1802",
  workflow_ref: "TP1802",
  branch: "TP1803",
  tag: "TP1803",
  ref: "TP1803",
  ref_path: "TP1803",
  ref_type: "TP1803",
  ref_protected: "TP1803",
  environment: "TP1804",
  repository: "TP1805",
  project_path: "TP1805",
  repository_owner: "TP1806",
  repository_owner_id: "TP1806",
  namespace_id: "TP1806",
  namespace_path: "TP1806",
  event_name: "TP1807",
  pipeline_source: "TP1807",
  called_workflow: "TP1808",
  called_workflow_repo: "TP1808",
  called_workflow_ref: "TP1808",
  job_workflow_ref: "TP1808",
  is_reusable: "TP1808",
  runner_environment: "TP1809",
  runner_id: "TP1809",
  "oidc.circleci.com/vcs-ref": "TP1803",
  "oidc.circleci.com/vcs-origin": "TP1805",
  "oidc.circleci.com/org-id": "TP1806",
  branchName: "TP1803",
  deploymentEnvironmentUuid: "TP1804",
  workspaceUuid: "TP1806",
  build_branch: "TP1803",
  build_tag: "TP1803",
  pipeline_slug: "TP1805",
  organization_slug: "TP1806",
  organization_id: "TP1806",
  build_source: "TP1807",
};

/** The stable code for a set of checks of which at least one failed: one of its own per kind of claim, `TP1801` for several. */
export function mismatchCodeOf(checks: readonly ClaimCheck[]): KnownExchangeCode {
  const codes = new Set(
    checks
      .filter(({ ok }) => !ok)
      .map(({ claim }) => (Object.hasOwn(CODE_OF_CLAIM, claim) ? (CODE_OF_CLAIM[claim] ?? "TP1810") : "TP1810")),
  );
  const [only] = codes;
  return codes.size === 1 && only !== undefined ? only : "TP1801";
}
