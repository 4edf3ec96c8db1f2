import { type GeneratedWorkflow, pinned, quoted, uploadCommand, type WorkflowRequest } from "./workflow-request.ts";

/** The publish step alone has a token, for our audience alone. */
export function bitbucketPipeline(request: WorkflowRequest): GeneratedWorkflow {
  const { folder, endpoint, resource } = request;
  const branch = pinned(request, "branch", "branchName");
  const environment = pinned(request, "deploymentEnvironmentUuid");
  const steps = [
    "- step:",
    "    name: Build",
    "    script:",
    `      - ${quoted(`mkdir -p ${folder}`)} # build or fetch the files here`,
    "    artifacts:",
    `      - ${quoted(`${folder}/**`)}`,
    "# Restores no cache and clones nothing: what the build ran cannot reach the right to publish.",
    "- step:",
    "    name: Publish",
    "    image: node:24@sha256:DIGEST",
    ...(environment === undefined ? [] : ["    deployment: production"]),
    "    clone:",
    "      enabled: false",
    "    oidc:",
    "      audiences:",
    `        - ${quoted(endpoint)}`,
    "    script:",
    `      - ${quoted(`export HF_ENDPOINT=${endpoint} HF_OIDC_RESOURCE=${resource}`)}`,
    `      - ${quoted(uploadCommand(request))}`,
  ];
  const place = branch === undefined ? ["  custom:", "    publish:"] : ["  branches:", `    ${quoted(branch)}:`];
  const lines = ["pipelines:", ...place, ...steps.map((line) => `      ${line}`)];
  return {
    path: "bitbucket-pipelines.yml",
    text: `${lines.join("\n")}\n`,
    notes: [
      "Replace DIGEST by the digest of the image you looked at: docker buildx imagetools inspect node:24.",
      ...(environment === undefined
        ? []
        : [`Name the deployment environment ${environment} where the file says production; only its own name fits.`]),
    ],
  };
}
