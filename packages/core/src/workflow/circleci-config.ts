import { type GeneratedWorkflow, pinned, quoted, uploadCommand, type WorkflowRequest } from "./workflow-request.ts";

/** The build leaves its files in a workspace; the publish job restores no cache and checks nothing out. */
export function circleciConfig(request: WorkflowRequest): GeneratedWorkflow {
  const { folder, endpoint, resource } = request;
  const branch = pinned(request, "branch");
  const tag = pinned(request, "tag");
  const filter =
    branch !== undefined
      ? [`filters: { branches: { only: [${quoted(literal(branch))}] } }`]
      : tag !== undefined
        ? [`filters: { branches: { ignore: /.*/ }, tags: { only: [${quoted(literal(tag))}] } }`]
        : [];
  const lines = [
    "version: 2.1",
    "",
    "jobs:",
    "  build:",
    "    docker: [{ image: cimg/base@sha256:DIGEST }]",
    "    steps:",
    "      - checkout",
    `      - run: ${quoted(`mkdir -p ${folder}`)} # build or fetch the files here`,
    "      - persist_to_workspace:",
    "          root: .",
    `          paths: [${quoted(folder)}]`,
    "",
    "  # Runs nothing of this project and restores no cache: what the build ran cannot reach the right to publish.",
    "  publish:",
    "    docker: [{ image: cimg/node@sha256:DIGEST }]",
    "    environment:",
    `      HF_ENDPOINT: ${quoted(endpoint)}`,
    `      HF_OIDC_RESOURCE: ${quoted(resource)}`,
    "    steps:",
    "      - attach_workspace:",
    "          at: .",
    `      - run: ${quoted(uploadCommand(request))}`,
    "",
    "workflows:",
    "  publish:",
    "    jobs:",
    "      - build:",
    ...(filter.length === 0 ? ["          {}"] : filter.map((line) => `          ${line}`)),
    "      - publish:",
    "          requires: [build]",
    ...filter.map((line) => `          ${line}`),
  ];
  return {
    path: ".circleci/config.yml",
    text: `${lines.join("\n")}\n`,
    notes: [
      "Replace each DIGEST by the digest of the image you looked at; the publish image needs Node 22 or newer.",
      "Leave Project Settings, Advanced, 'Pass secrets to builds from forked pull requests' switched off.",
    ],
  };
}

/** A filter between slashes is a pattern, any other text is compared as it is. */
function literal(name: string): string {
  return name.startsWith("/") ? `/${name.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}/` : name;
}
