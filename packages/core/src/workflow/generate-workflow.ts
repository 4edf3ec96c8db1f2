import { actionsWorkflow, FORGEJO_DIALECT, GITHUB_DIALECT } from "./actions-workflow.ts";
import { bitbucketPipeline } from "./bitbucket-pipeline.ts";
import { buildkitePipeline } from "./buildkite-pipeline.ts";
import { circleciConfig } from "./circleci-config.ts";
import { cloudScript } from "./cloud-script.ts";
import { gitlabPipeline } from "./gitlab-pipeline.ts";
import { kubernetesJob } from "./kubernetes-job.ts";
import { type GeneratedWorkflow, shellWord, uploadCommand, type WorkflowRequest } from "./workflow-request.ts";

/**
 * A ready, least-privilege workflow whose job carries the claims that the publisher pins.
 *
 * Build and publish are separate everywhere: the job with the right runs nothing of the source repository and restores no cache.
 */
export function generateWorkflow(request: WorkflowRequest): GeneratedWorkflow {
  const { provider } = request.publisher;
  switch (provider) {
    case "github":
      return actionsWorkflow(request, GITHUB_DIALECT);
    case "forgejo":
      return actionsWorkflow(request, FORGEJO_DIALECT);
    case "gitlab":
      return gitlabPipeline(request);
    case "circleci":
      return circleciConfig(request);
    case "bitbucket":
      return bitbucketPipeline(request);
    case "buildkite":
      return buildkitePipeline(request);
    case "kubernetes":
      return kubernetesJob(request);
    case "gcp":
    case "aws":
    case "azure":
      return cloudScript(request, provider);
    case "custom":
      return anyIssuer(request);
  }
}

function anyIssuer(request: WorkflowRequest): GeneratedWorkflow {
  const lines = [
    "#!/bin/sh",
    "set -eu",
    `: "\${HF_OIDC_ID_TOKEN:?put an id token with the audience ${request.endpoint} here}"`,
    "export HF_OIDC_ID_TOKEN",
    `export HF_ENDPOINT=${shellWord(request.endpoint)}`,
    `export HF_OIDC_RESOURCE=${shellWord(request.resource)}`,
    uploadCommand(request),
  ];
  return {
    path: undefined,
    text: `${lines.join("\n")}\n`,
    notes: [`Get the id token from ${request.publisher.issuer} in the job that publishes and in no other.`],
  };
}
