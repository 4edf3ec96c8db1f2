import { expect, it } from "vitest";
import { parse } from "yaml";
import { parseIssuerUrl } from "../issuer/issuer-url.ts";
import { PROVIDER_IDS, type ProviderId } from "../provider/provider-id.ts";
import type { ClaimValue } from "../publisher/publisher.ts";
import { generateWorkflow } from "./generate-workflow.ts";
import type { GeneratedWorkflow } from "./workflow-request.ts";

function generate(provider: ProviderId, claims: Readonly<Record<string, ClaimValue>>): GeneratedWorkflow {
  const issuer = parseIssuerUrl("https://issuer.example");
  if (issuer === undefined) throw new Error("the fixture breaks the grammar");
  return generateWorkflow({
    publisher: { provider, issuer, claims },
    resource: "acme/tiny-model",
    endpoint: "https://hub.example",
    folder: "model",
    version: "0.1.0",
  });
}

const CLAIMS: Readonly<Record<ProviderId, Readonly<Record<string, ClaimValue>>>> = {
  github: {
    repository: "acme/train",
    repository_id: "456789",
    workflow: "publish.yml",
    branch: "main",
    environment: "release",
  },
  forgejo: { repository: "acme/train", repository_id: "42", workflow: "publish.yml", tag: "v1.0" },
  gitlab: { project_path: "acme/train", project_id: "20", branch: "main", environment: "release" },
  circleci: { "oidc.circleci.com/project-id": "e1b2", branch: "main" },
  bitbucket: { repositoryUuid: "{51c2}", branch: "main" },
  buildkite: { pipeline_id: "0184990a", branch: "main" },
  kubernetes: { sub: "system:serviceaccount:ml:publisher", "/kubernetes.io/serviceaccount/uid": "a709ef71" },
  gcp: { sub: "112233445566778899000" },
  aws: { sub: "arn:aws:iam::123456789012:role/Publisher" },
  azure: { oid: "3f5c" },
  custom: { sub: "job-7" },
};

it.each(PROVIDER_IDS)("writes the %s workflow that the documentation shows", async (provider) => {
  const { path, text, notes } = generate(provider, CLAIMS[provider]);
  const shown = [`# ${path ?? "(where you like)"}`, text.trimEnd(), ...notes.map((note) => `# Note: ${note}`)].join(
    "\n",
  );
  await expect(`${shown}\n`).toMatchFileSnapshot(`./golden/${provider}.txt`);
});

it.each(PROVIDER_IDS.filter((id) => !["gcp", "aws", "azure", "custom"].includes(id)))(
  "gives %s a file that parses, with the id token in the publish job only and no cache in it",
  (provider) => {
    const { text } = generate(provider, CLAIMS[provider]);
    const file: unknown = parse(text);
    expect(file).toBeTypeOf("object");
    const [build = "", publish = ""] = text.split(/^.*what the build ran cannot reach.*$/m);
    expect(build + publish).not.toMatch(/\brestore_cache|actions\/cache/);
    if (publish !== "") expect(build).not.toMatch(/id[-_]token|oidc|HF_OIDC/);
    expect(publish === "" ? build : publish).toContain("upload acme/tiny-model model --revoke-on-exit");
  },
);

it("writes names that hold quotes, patterns and line feeds as what they are", () => {
  const branch = `a"b'c*[d]\n!e: #f`;
  const github = parse(generate("github", { ...CLAIMS.github, branch, environment: "x: y # z" }).text);
  expect(github.on.push.branches).toEqual([`a"b'c\\*\\[d\\]\n\\!e: #f`]);
  expect(github.jobs.publish.environment).toBe("x: y # z");
  const gitlab = parse(generate("gitlab", { ...CLAIMS.gitlab, branch: "it's" }).text);
  expect(gitlab.publish.rules).toEqual([{ if: `$CI_COMMIT_BRANCH == "it's"` }]);
});

it.each<[Readonly<Record<string, ClaimValue>>, unknown]>([
  [{ repository_id: "1", tag: "v*" }, { push: { tags: ["v\\*"] } }],
  [{ repository_id: "1", ref: "refs/heads/main" }, { push: { branches: ["main"] } }],
  [{ repository_id: "1", event_name: "release" }, { release: null }],
  [{ repository_id: "1", called_workflow: "publish.yml", branch: "main" }, { workflow_call: null }],
  [{ repository_id: "1" }, { workflow_dispatch: null }],
])("starts a job as the publisher expects it: %j", (claims, on) => {
  expect(parse(generate("github", claims).text).on).toEqual(on);
});

it("names the audience of an Entra publisher, as one word of the shell", () => {
  const issuer = parseIssuerUrl("https://issuer.example");
  if (issuer === undefined) throw new Error("the fixture breaks the grammar");
  const publisher = { provider: "azure", issuer, claims: {}, audience: "api://hub/x'y" } as const;
  const request = { publisher, resource: "acme/m", endpoint: "https://hub.example", folder: "model", version: "0.1.0" };
  expect(generateWorkflow(request).text).toContain(`export HF_OIDC_AUDIENCE='api://hub/x'\\''y'\n`);
});
