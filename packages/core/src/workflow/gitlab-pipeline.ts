import {
  type GeneratedWorkflow,
  pinned,
  quoted,
  shellWord,
  uploadCommand,
  type WorkflowRequest,
} from "./workflow-request.ts";

/** Two jobs, as on GitHub: the one that builds has no id token, the one that publishes restores no cache. */
export function gitlabPipeline(request: WorkflowRequest): GeneratedWorkflow {
  const { folder, endpoint, resource } = request;
  const environment = pinned(request, "environment");
  const lines = [
    "stages: [build, publish]",
    "",
    "build:",
    "  stage: build",
    `  rules: [${rule(request)}]`,
    "  script:",
    `    - ${quoted(`mkdir -p ${shellWord(folder)}`)} # build or fetch the files here`,
    "  artifacts:",
    `    paths: [${quoted(folder)}]`,
    "    expire_in: 1 day",
    "",
    "# Runs nothing of this project and restores no cache: what the build ran cannot reach the right to publish.",
    "publish:",
    "  stage: publish",
    "  image: node:24@sha256:DIGEST",
    `  rules: [${rule(request)}]`,
    "  needs: [build]",
    "  cache: []",
    "  # The id token lives as long as the job may run.",
    "  timeout: 30 minutes",
    ...(environment === undefined ? [] : ["  environment:", `    name: ${quoted(environment)}`]),
    "  id_tokens:",
    "    HF_OIDC_ID_TOKEN:",
    `      aud: ${quoted(endpoint)}`,
    "  variables:",
    "    GIT_STRATEGY: none",
    `    HF_ENDPOINT: ${quoted(endpoint)}`,
    `    HF_OIDC_RESOURCE: ${quoted(resource)}`,
    "  script:",
    `    - ${quoted(uploadCommand(request))}`,
  ];
  const project = pinned(request, "project_path");
  return {
    path: pinned(request, "workflow") ?? ".gitlab-ci.yml",
    text: `${lines.join("\n")}\n`,
    notes: [
      "Replace DIGEST by the digest of the image you looked at: docker buildx imagetools inspect node:24. A tag can be moved, a digest cannot.",
      ...(project === undefined ? [] : [`The file belongs into ${project}.`]),
      environment === undefined
        ? "Consider a protected environment, and pin it: no approval stands before a publish now."
        : `Protect the environment ${environment}, so that not every developer may deploy to it.`,
    ],
  };
}

/** Without quotes around the variable, GitLab compares texts; the value is a JSON string, which its rules read as one. */
function rule(request: WorkflowRequest): string {
  const branch = pinned(request, "branch");
  const tag = pinned(request, "tag");
  const source = pinned(request, "pipeline_source");
  const conditions = [
    ...(branch === undefined ? [] : [`$CI_COMMIT_BRANCH == ${quoted(branch)}`]),
    ...(tag === undefined ? [] : [`$CI_COMMIT_TAG == ${quoted(tag)}`]),
    ...(source === undefined ? [] : [`$CI_PIPELINE_SOURCE == ${quoted(source)}`]),
  ];
  return conditions.length === 0 ? "{ when: manual }" : `{ if: '${conditions.join(" && ").replaceAll("'", "''")}' }`;
}
