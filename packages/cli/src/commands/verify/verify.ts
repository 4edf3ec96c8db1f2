import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type ProvenanceBundle,
  type ProvenanceVerdict,
  parseProvenanceBundle,
  verifyProvenance,
} from "@postern/client";
import { type ProvenanceKey, parseProvenanceKeys } from "@postern/core/provenance/provenance-key";
import { pluralOf } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { responseFailure } from "../../http/response-failure.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { openSession } from "../../session/session.ts";
import { bundleOfClone } from "./clone-bundle.ts";
import { compareFolder, type FolderDifference } from "./compare-folder.ts";

export interface VerifyOptions {
  readonly dir?: string;
  readonly save?: string;
  readonly bundle?: string;
  readonly keys?: string;
  readonly repoType?: string;
  readonly json?: boolean;
}

type Forged = Extract<ProvenanceVerdict, { readonly kind: "forged" }>;

const FORGED: Readonly<Record<Forged["reason"], string>> = {
  commit: "the commit is not the one that its id names.",
  files: "the list of files is not the commit's.",
  "unknown-key": "none of the trusted keys signed the statement.",
  signature: "the signature does not fit the statement.",
  statement: "what is signed is no statement about commits.",
  "other-commit": "the statement speaks of another commit.",
};
/** Longest list of files that is printed for people. */
const MAX_SHOWN = 20;

/** Checks a commit's provenance and, with `--dir`, files against the commit. */
export async function verify(context: CliContext, target: string | undefined, options: VerifyOptions): Promise<void> {
  const pinned = options.keys === undefined ? undefined : await readKeys(resolve(context.cwd, options.keys));
  const text = await bundleText(context, target, options, pinned);
  const bundle = parse(text);
  const verdict = await verifyProvenance(bundle, pinned);
  if (options.save !== undefined) await writeFile(resolve(context.cwd, options.save), text);
  const difference =
    options.dir === undefined ? undefined : await compareFolder(resolve(context.cwd, options.dir), bundle.files);
  if (options.json === true) context.terminal.json(asJson(bundle, verdict, difference, pinned !== undefined));
  refuse(bundle, verdict, difference);
  if (options.json === true || verdict.kind !== "verified") return;
  printMaker(context, bundle, verdict, pinned !== undefined);
  if (options.dir !== undefined)
    context.terminal.out(`files     ${bundle.files.length} in ${options.dir}, all as committed`);
}

async function bundleText(
  context: CliContext,
  target: string | undefined,
  { bundle, dir, repoType }: VerifyOptions,
  pinned: readonly ProvenanceKey[] | undefined,
): Promise<string> {
  if (bundle !== undefined) {
    if (target !== undefined) throw usageError("Either a repo or --bundle.", "Leave one of the two out.");
    return await readFile(resolve(context.cwd, bundle), "utf8");
  }
  if (target === undefined) {
    if (dir === undefined)
      throw usageError("What is to be checked?", "Name a repo, or the folder of a git clone with --dir.");
    return await bundleOfClone(resolve(context.cwd, dir), pinned ?? (await publishedKeys(context)));
  }
  const at = target.indexOf("@");
  const repo = parseRepoArgument(at < 0 ? target : target.slice(0, at), repoType);
  const revision = at < 0 ? "main" : target.slice(at + 1);
  const session = openSession(context, endpointOf(context.env));
  const path = `/api/postern/v1/${pluralOf(repo.kind)}/${repoIdOf(repo)}/provenance-bundle/${encodeURIComponent(revision)}`;
  const response = await session.send(path);
  if (!response.ok) throw await responseFailure(response, session.host);
  return await response.text();
}

async function publishedKeys(context: CliContext): Promise<unknown> {
  const session = openSession(context, endpointOf(context.env));
  return (await session.json("/oauth/jwks")).keys;
}

async function readKeys(path: string): Promise<readonly ProvenanceKey[]> {
  const keys = parseProvenanceKeys(await readJson(path));
  if (keys.length > 0) return keys;
  throw new CliError(`${path} holds no P-256 key.`, { next: "Keep the hub's /oauth/jwks in it." });
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError(`${path} is no JSON.`, { next: "Keep the hub's /oauth/jwks in it.", cause });
  }
}

function parse(text: string): ProvenanceBundle {
  try {
    return parseProvenanceBundle(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`This is no whole provenance bundle. ${reason}`, { next: "Fetch it again.", cause });
  }
}

function printMaker(
  { terminal }: CliContext,
  { commit }: ProvenanceBundle,
  { predicate, keyId }: Extract<ProvenanceVerdict, { readonly kind: "verified" }>,
  isPinned: boolean,
): void {
  const { by } = predicate;
  terminal.out(`${terminal.style("green", "verified")}  ${commit}`);
  terminal.out(`hub       ${predicate.hub}`);
  terminal.out(`repo      ${predicate.repo}, ${predicate.ref}`);
  terminal.out(`when      ${predicate.at}, ${predicate.through === "api" ? "through the API" : "by git push"}`);
  if (by.kind === "user") terminal.out(`who       the user ${shown(by.name)}`);
  else {
    terminal.out(`who       a job of ${shown(by.provider)}: ${shown(by.subject)}`);
    terminal.out(`issuer    ${shown(by.issuer)}`);
    const { repository, repositoryId, workflow, ref, sha } = by.source;
    if (repository !== undefined)
      terminal.out(`source    ${shown(repository)}${repositoryId === undefined ? "" : ` (id ${shown(repositoryId)})`}`);
    if (workflow !== undefined) terminal.out(`workflow  ${shown(workflow)}`);
    if (ref !== undefined || sha !== undefined)
      terminal.out(`code      ${shown([ref, sha].filter(Boolean).join(" at "))}`);
    if (by.runUrl !== null) terminal.out(`run       ${shown(by.runUrl)}`);
    terminal.out(`publisher ${shown(by.publisherId)}`);
  }
  terminal.out(`key       ${keyId}${isPinned ? "" : " (as the hub published it; pin it with --keys)"}`);
}

/** Signed does not mean harmless: the words of a job's token go to a terminal. */
function shown(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}/gu, "?");
}

function refuse(bundle: ProvenanceBundle, verdict: ProvenanceVerdict, difference: FolderDifference | undefined): void {
  if (verdict.kind === "forged")
    throw new CliError(`forged: ${FORGED[verdict.reason]}`, { next: "Do not use these files." });
  const { changed = [], missing = [], extra = [] } = difference ?? {};
  const details = [
    ...changed.map((path) => `differs: ${shown(path)}`),
    ...missing.map((path) => `is missing: ${shown(path)}`),
    ...extra.map((path) => `is not in the commit: ${shown(path)}`),
  ];
  if (details.length > 0) {
    const more = details.length > MAX_SHOWN ? [`and ${details.length - MAX_SHOWN} more`] : [];
    throw new CliError("changed: the files are not those of the commit.", {
      details: [...details.slice(0, MAX_SHOWN), ...more],
      next: "Download them again, or find out who changed them.",
    });
  }
  if (verdict.kind === "no-statement")
    throw new CliError(`no-statement: nobody vouches for the commit ${bundle.commit}.`, {
      next: "In a clone, fetch the statements first: git fetch origin 'refs/notes/*:refs/notes/*'. Commits of before a hub kept them have none.",
    });
}

function asJson(
  { commit, files }: ProvenanceBundle,
  verdict: ProvenanceVerdict,
  difference: FolderDifference | undefined,
  isPinned: boolean,
): unknown {
  const isChanged = difference !== undefined && Object.values(difference).some((paths) => paths.length > 0);
  return {
    verdict: verdict.kind === "verified" && isChanged ? "changed" : verdict.kind,
    ...(verdict.kind === "forged" ? { reason: verdict.reason } : {}),
    commit,
    files: files.length,
    ...(verdict.kind === "verified" ? { provenance: verdict.predicate, key: verdict.keyId, key_pinned: isPinned } : {}),
    ...(difference === undefined ? {} : { folder: difference }),
  };
}
