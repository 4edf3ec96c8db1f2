// The arrows of the house: which package and which folder may import which. `npm run imports` fails on any other edge.
const MAY_IMPORT = {
  core: [],
  client: ["core"],
  simulator: ["core"],
  authority: ["core"],
  hub: ["core"],
  gateway: ["core"],
  web: ["client"],
  server: ["core", "client", "simulator", "authority", "hub", "gateway", "web"],
  // The simulator and the server are loaded on demand; the rule below refuses a static import of either.
  cli: ["core", "client", "simulator", "server"],
};

const packageEdges = Object.entries(MAY_IMPORT).map(([name, allowed]) => {
  const others = Object.keys(MAY_IMPORT).filter((other) => other !== name && !allowed.includes(other));
  return {
    name: `${name}-imports-only-${allowed.length === 0 ? "itself" : allowed.join("-")}`,
    severity: "error",
    comment: `packages/${name} may import: ${allowed.join(", ") || "nothing"}.`,
    from: { path: `^packages/${name}/src/`, pathNot: "\\.test\\.ts$" },
    to: { path: `^packages/(${others.join("|")})/` },
  };
});

export default {
  forbidden: [
    ...packageEdges,
    {
      name: "no-cycles",
      severity: "error",
      comment: "A cycle means that two files are one concept, or that an arrow points outward.",
      from: {},
      to: { circular: true },
    },
    {
      name: "core-is-pure",
      severity: "error",
      comment: "core does no I/O and has no dependencies.",
      from: { path: "^packages/core/src/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core", "npm", "npm-dev", "npm-peer", "npm-optional"] },
    },
    {
      name: "client-has-no-dependencies",
      severity: "error",
      comment: "A CI job that installs the client installs nothing else.",
      from: {
        path: "^packages/client/src/",
        pathNot: "(\\.test\\.ts$|^packages/client/src/adapters/aws-signer\\.ts$)",
      },
      to: { dependencyTypes: ["npm", "npm-dev", "npm-peer", "npm-optional"], pathNot: "^packages/core/" },
    },
    {
      name: "the-aws-signer-is-loaded-on-demand",
      severity: "error",
      comment: "The one optional package of the client: only a login on AWS may need it.",
      from: { path: "^packages/client/src/adapters/aws-signer\\.ts$" },
      to: {
        dependencyTypes: ["npm", "npm-dev", "npm-peer", "npm-optional"],
        dynamic: false,
        pathNot: "^packages/core/",
      },
    },
    {
      name: "adapters-are-wired-by-the-server",
      severity: "error",
      comment: "A use case knows ports, never adapters; only entry points and other adapters may import them.",
      from: {
        path: "^packages/(authority|hub)/src/",
        pathNot:
          "(^packages/[^/]+/src/adapters/|/index\\.ts$|/audit-entry-point\\.ts$|\\.test\\.ts$|\\.contract\\.ts$)",
      },
      to: { path: "^packages/(authority|hub)/src/adapters/" },
    },
    {
      name: "only-http-and-adapters-know-fastify",
      severity: "error",
      comment: "Use cases do not know how they are reached.",
      from: {
        path: "^packages/(authority|hub)/src/",
        pathNot: "(^packages/[^/]+/src/http/|\\.test\\.ts$|\\.contract\\.ts$)",
      },
      to: { path: "node_modules/fastify/" },
    },
    {
      name: "the-cli-loads-simulator-and-server-on-demand",
      severity: "error",
      comment: "A CI job runs the CLI without either being installed.",
      from: { path: "^packages/cli/src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^packages/(simulator|server)/", dependencyTypesNot: ["type-only", "type-import", "dynamic-import"] },
    },
    {
      name: "no-orphans",
      severity: "error",
      comment: "A file that nobody imports is dead.",
      from: {
        orphan: true,
        path: "^packages/[^/]+/src/",
        pathNot: "^packages/core/|(\\.test\\.ts|\\.contract\\.ts|/index\\.ts|/main\\.ts|\\.d\\.ts)$",
      },
      to: {},
    },
    {
      name: "resolvable",
      severity: "error",
      from: { path: "^packages/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Another package is seen through its built entry point: the edge counts, what lies behind it is checked as source.
    doNotFollow: { path: "node_modules|/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
