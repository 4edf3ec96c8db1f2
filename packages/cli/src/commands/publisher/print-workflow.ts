import { type IssuerUrl, parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { defaultIssuerOf } from "@postern/core/provider/issuer-of-provider";
import { type ProviderId, parseProviderId } from "@postern/core/provider/provider-id";
import type { ClaimValue } from "@postern/core/publisher/publisher";
import { formatResource, parseResource } from "@postern/core/resource/resource";
import { generateWorkflow } from "@postern/core/workflow/generate-workflow";
import type { WorkflowRequest } from "@postern/core/workflow/workflow-request";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { cell, isRecord, recordsIn } from "../../http/json-value.ts";
import { serverEndpointOf } from "../../session/endpoint.ts";
import { openManagement } from "../../session/management.ts";
import { readVersion } from "../../version.ts";
import { gatherClaims, type NewPublisher } from "./add-publisher.ts";
import { publisherPlace } from "./publisher-path.ts";

export interface WorkflowOptions extends Partial<NewPublisher> {
  readonly publisher?: string;
  readonly folder?: string;
}

/** Prints the file on standard output and what is left to do on standard error, so that `> publish.yml` gets the file alone. */
export async function printWorkflow(
  context: CliContext,
  repo: string | undefined,
  options: WorkflowOptions,
): Promise<void> {
  const { path, text, notes } = generateWorkflow({
    publisher: await publisherOf(context, repo, options),
    resource: resourceOf(repo, options),
    endpoint: serverEndpointOf(context.env),
    folder: options.folder ?? "model",
    version: await readVersion(),
  });
  if (options.json === true) {
    context.terminal.json({ ...(path === undefined ? {} : { path }), text, notes });
    return;
  }
  context.terminal.out(text.trimEnd());
  if (path !== undefined) context.terminal.note(`Put it into ${path}`);
  for (const note of notes) context.terminal.note(note);
}

function resourceOf(repo: string | undefined, options: WorkflowOptions): string {
  if (repo !== undefined && options.user === undefined)
    return formatResource({ kind: "repo", repo: parseRepoArgument(repo, options.repoType) });
  const user = options.user === undefined ? undefined : parseResource(options.user);
  if (user === undefined || repo !== undefined)
    throw usageError("A publisher belongs to one repo or to one user.", "Give either NAMESPACE/NAME or --user NAME.");
  return formatResource(user);
}

async function publisherOf(
  context: CliContext,
  repo: string | undefined,
  options: WorkflowOptions,
): Promise<WorkflowRequest["publisher"]> {
  const { provider } = options;
  if (provider !== undefined) return described({ ...options, provider });
  const place = publisherPlace(repo, options);
  const stored = recordsIn(await openManagement(context).call(place.path), "publishers");
  const wanted = options.publisher;
  const chosen = wanted === undefined ? stored : stored.filter((one) => one.id === wanted);
  const [only, ...others] = chosen;
  if (only === undefined)
    throw new CliError(`There is no such publisher on ${place.words}.`, {
      next: "See `postern publisher list`, or describe one with --provider and its claims.",
    });
  if (others.length > 0)
    throw usageError(
      `${place.words} has several publishers.`,
      `Choose one with --publisher ID: ${chosen.map((one) => cell(one, "id")).join(", ")}`,
    );
  const claims = Object.entries(isRecord(only.claims) ? only.claims : {}).filter(
    (entry): entry is [string, ClaimValue] => ["string", "number", "boolean"].includes(typeof entry[1]),
  );
  return known(
    cell(only, "provider"),
    cell(only, "issuer"),
    Object.fromEntries(claims),
    typeof only.audience === "string" ? only.audience : undefined,
  );
}

function described(options: NewPublisher): WorkflowRequest["publisher"] {
  return known(options.provider, options.issuer, gatherClaims(options), options.audience);
}

function known(
  name: string,
  url: string | undefined,
  claims: Readonly<Record<string, ClaimValue>>,
  audience: string | undefined,
): WorkflowRequest["publisher"] {
  const provider: ProviderId | undefined = parseProviderId(name);
  if (provider === undefined) throw usageError(`'${name}' is not a provider.`, "See `postern publisher add --help`.");
  const issuer: IssuerUrl | undefined = url === undefined ? defaultIssuerOf(provider) : parseIssuerUrl(url);
  if (issuer === undefined)
    throw usageError(
      `The provider ${provider} needs an issuer.`,
      "Give --issuer, the exact text of the token's iss claim.",
    );
  return { provider, issuer, claims, ...(audience === undefined ? {} : { audience }) };
}
