import {
  type GeneratedWorkflow,
  indent,
  pinned,
  quoted,
  uploadCommand,
  type WorkflowRequest,
} from "./workflow-request.ts";

/** Where GitHub and Forgejo differ. */
export interface ActionsDialect {
  readonly folder: string;
  readonly runner: string;
  /** Of the publish job: how it gets an id token and nothing else. */
  readonly idToken: readonly string[];
  readonly environments: boolean;
}

export const GITHUB_DIALECT: ActionsDialect = {
  folder: ".github/workflows",
  runner: "ubuntu-latest",
  idToken: ["permissions:", "  id-token: write # to ask for an id token; nothing else"],
  environments: true,
};

export const FORGEJO_DIALECT: ActionsDialect = {
  folder: ".forgejo/workflows",
  runner: "docker",
  idToken: ["enable-openid-connect: true"],
  environments: false,
};

/**
 * Two jobs: one builds, with whatever the build runs and downloads, and holds no right; one publishes, with the right, and runs nothing
 * of the source repository and restores no cache.
 *
 * The attack: a poisoned cache or a hijacked action in the build (as with Ultralytics in 2024) reaches the job that may publish.
 */
export function actionsWorkflow(request: WorkflowRequest, dialect: ActionsDialect): GeneratedWorkflow {
  const { folder, endpoint, resource } = request;
  const environment = dialect.environments ? pinned(request, "environment") : undefined;
  const file = pinned(request, "called_workflow", "workflow", "caller_workflow") ?? "publish.yml";
  const called = pinned(request, "called_workflow") !== undefined;
  const runner = pinned(request, "runner_environment") === "self-hosted" ? "self-hosted" : dialect.runner;
  const lines = [
    "name: Publish",
    "",
    ...trigger(request, called),
    "",
    "# No job gets a right that it does not ask for.",
    "permissions: {}",
    "",
    "jobs:",
    "  build:",
    `    runs-on: ${dialect.runner}`,
    "    permissions:",
    "      contents: read",
    "    steps:",
    "      - uses: actions/checkout@FULL_COMMIT_SHA",
    "        with:",
    "          persist-credentials: false",
    `      - run: echo "Build or fetch the files here, into ${folder.replaceAll(/[^A-Za-z0-9_./-]/g, "_")}"`,
    "      - uses: actions/upload-artifact@FULL_COMMIT_SHA",
    "        with:",
    "          name: files",
    `          path: ${quoted(folder)}`,
    "          if-no-files-found: error",
    "",
    "  # Runs nothing of this repository and restores no cache: what the build ran cannot reach the right to publish.",
    "  publish:",
    "    needs: build",
    `    runs-on: ${runner}`,
    "    timeout-minutes: 30",
    ...(environment === undefined ? [] : [`    environment: ${quoted(environment)}`]),
    ...indent(4, dialect.idToken),
    "    env:",
    `      HF_ENDPOINT: ${quoted(endpoint)}`,
    `      HF_OIDC_RESOURCE: ${quoted(resource)}`,
    "    steps:",
    "      - uses: actions/download-artifact@FULL_COMMIT_SHA",
    "        with:",
    "          name: files",
    `          path: ${quoted(folder)}`,
    "      - uses: actions/setup-node@FULL_COMMIT_SHA",
    "        with:",
    "          node-version: 24",
    "          package-manager-cache: false",
    `      - run: ${quoted(uploadCommand(request))}`,
  ];
  return {
    path: `${dialect.folder}/${file}`,
    text: `${lines.join("\n")}\n`,
    notes: [
      "Replace each FULL_COMMIT_SHA by the 40 digits of the release you looked at, for example: gh api repos/actions/checkout/commits/v5 --jq .sha. A tag can be moved, a commit cannot.",
      ...notesOf(request, dialect, environment, called),
    ],
  };
}

function trigger(request: WorkflowRequest, called: boolean): readonly string[] {
  if (called) return ["on:", "  workflow_call:"];
  const event = pinned(request, "event_name") ?? "push";
  if (event !== "push") return ["on:", `  ${quoted(event)}:`];
  const branch = pinned(request, "branch") ?? shortName(pinned(request, "ref"), "refs/heads/");
  const tag = pinned(request, "tag") ?? shortName(pinned(request, "ref"), "refs/tags/");
  if (branch !== undefined) return ["on:", "  push:", `    branches: [${quoted(pattern(branch))}]`];
  if (tag !== undefined) return ["on:", "  push:", `    tags: [${quoted(pattern(tag))}]`];
  return ["on:", "  workflow_dispatch:"];
}

function shortName(ref: string | undefined, prefix: string): string | undefined {
  return ref?.startsWith(prefix) === true ? ref.slice(prefix.length) : undefined;
}

/** Filters are patterns; a name is not. */
function pattern(name: string): string {
  return name.replaceAll(/[\\*?+[\]!]/g, "\\$&");
}

function notesOf(
  request: WorkflowRequest,
  { environments }: ActionsDialect,
  environment: string | undefined,
  called: boolean,
): readonly string[] {
  const notes: string[] = [];
  const repository = pinned(request, "called_workflow_repo") ?? pinned(request, "repository");
  if (repository !== undefined) notes.push(`The file belongs into ${repository}.`);
  if (called) {
    const caller = pinned(request, "workflow", "caller_workflow");
    const name = caller === undefined ? "Any workflow may call it" : `The workflow ${caller} calls it`;
    notes.push(`${name}; the calling job needs permissions: id-token: write as well.`);
  }
  if (environment !== undefined)
    notes.push(`Protect the environment ${environment}: required reviewers, and only the branches that may publish.`);
  else if (environments)
    notes.push("Consider an environment with reviewers, and pin it: no review stands before a publish now.");
  const sha = pinned(request, "sha");
  if (sha !== undefined) notes.push(`The publisher pins the commit ${sha}: only that one will publish.`);
  return notes;
}
