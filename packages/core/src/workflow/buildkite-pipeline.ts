import { type GeneratedWorkflow, pinned, quoted, uploadCommand, type WorkflowRequest } from "./workflow-request.ts";

/** The publish step downloads the artifact and checks nothing out. */
export function buildkitePipeline(request: WorkflowRequest): GeneratedWorkflow {
  const { folder, endpoint, resource } = request;
  const branch = pinned(request, "branch", "build_branch");
  const tag = pinned(request, "tag", "build_tag");
  const condition =
    branch !== undefined
      ? `build.branch == ${quoted(branch)} && build.tag == null`
      : tag !== undefined
        ? `build.tag == ${quoted(tag)}`
        : undefined;
  const when = condition === undefined ? [] : [`    if: ${quoted(condition)}`];
  const lines = [
    "steps:",
    "  - label: Build",
    "    key: build",
    ...when,
    `    command: ${quoted(`mkdir -p ${folder}`)} # build or fetch the files here`,
    `    artifact_paths: ${quoted(`${folder}/**/*`)}`,
    "",
    "  # Checks nothing out and restores no cache: what the build ran cannot reach the right to publish.",
    "  - label: Publish",
    `    key: ${quoted(pinned(request, "step_key") ?? "publish")}`,
    ...when,
    "    depends_on: build",
    "    timeout_in_minutes: 30",
    "    skip_checkout: true",
    "    env:",
    `      HF_ENDPOINT: ${quoted(endpoint)}`,
    `      HF_OIDC_RESOURCE: ${quoted(resource)}`,
    "    commands:",
    `      - ${quoted(`buildkite-agent artifact download "${folder}/**/*" .`)}`,
    `      - ${quoted(uploadCommand(request))}`,
  ];
  return {
    path: ".buildkite/pipeline.yml",
    text: `${lines.join("\n")}\n`,
    notes: [
      "The publish step needs the agent on its PATH and Node 22 or newer.",
      "If the pipeline builds pull requests of forks, switch on 'Prefix third-party fork branch names'.",
    ],
  };
}
