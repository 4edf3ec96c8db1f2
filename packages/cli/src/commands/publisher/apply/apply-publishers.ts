import { readFile } from "node:fs/promises";
import path from "node:path";
import { pluralOf } from "@postern/core/resource/repo-kind";
import { repoIdOf, repoPathOf } from "@postern/core/resource/repo-ref";
import type { CliContext } from "../../../context/cli-context.ts";
import { CliError } from "../../../failure/cli-error.ts";
import { type JsonRecord, recordsIn } from "../../../http/json-value.ts";
import { type Management, openManagement } from "../../../session/management.ts";
import { type PublisherChange, planRepo } from "./plan-publishers.ts";
import { parsePublishersFile, type WantedRepo } from "./publishers-file.ts";

export interface ApplyOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface RepoPlan {
  readonly wanted: WantedRepo;
  /** `/models/acme/train/publishers`, below `/api/postern/v1`. */
  readonly place: string;
  /** False when nothing has this name: publishers can only be pending. */
  readonly exists: boolean;
  readonly changes: readonly PublisherChange[];
}

/** Shows what a declarative file would change, and changes it with `--yes`. Running it twice changes nothing more. */
export async function applyPublishers(context: CliContext, file: string, options: ApplyOptions): Promise<void> {
  const wanted = parsePublishersFile(await readText(path.resolve(context.cwd, file), file));
  const management = openManagement(context);
  // The whole plan first: a repo that may not be managed stops everything before the first change.
  const plans: RepoPlan[] = [];
  for (const repo of wanted) plans.push(await planFor(repo, management));
  const due = plans.flatMap(({ changes }) => changes).filter(({ kind }) => kind !== "keep" && kind !== "extra").length;
  if (options.json !== true) for (const plan of plans) printPlan(context, plan);
  if (options.yes === true) for (const plan of plans) await carryOut(plan, management);
  if (options.json === true) {
    context.terminal.json({ applied: options.yes === true, changes: plans.flatMap(describe) });
    return;
  }
  if (due === 0) context.terminal.out("Nothing to change.");
  else if (options.yes === true) context.terminal.out(`Changed ${due} ${due === 1 ? "publisher" : "publishers"}.`);
  else
    context.terminal.note(
      `Nothing was changed yet. Run it again with --yes to make ${due === 1 ? "this change" : `these ${due} changes`}.`,
    );
}

async function readText(absolute: string, shown: string): Promise<string> {
  try {
    return await readFile(absolute, "utf8");
  } catch (cause) {
    throw new CliError(`${shown} cannot be read.`, { next: "Give the path of a publishers.yaml.", cause });
  }
}

async function planFor(wanted: WantedRepo, management: Management): Promise<RepoPlan> {
  const place = `/${pluralOf(wanted.repo.kind)}/${repoIdOf(wanted.repo)}/publishers`;
  const stored = await storedAt(place, management);
  const changes = planRepo(wanted, stored ?? []);
  if (stored === undefined && !wanted.publishers.every(({ pending }) => pending))
    throw new CliError(`There is no repo ${repoPathOf(wanted.repo)}, or you may not see it.`, {
      next: "Create it first, or write pending: true beside its publishers. Nothing was changed.",
    });
  return { wanted, place, exists: stored !== undefined, changes };
}

async function storedAt(place: string, management: Management): Promise<readonly JsonRecord[] | undefined> {
  try {
    return recordsIn(await management.call(place), "publishers");
  } catch (cause) {
    if (cause instanceof CliError && cause.status === 404) return undefined;
    throw cause;
  }
}

async function carryOut({ place, exists, changes }: RepoPlan, management: Management): Promise<void> {
  let known = exists;
  // What is added comes first, so that a name is never let go in between.
  for (const change of changes) {
    if (change.kind !== "add") continue;
    const body = known ? change.wanted.body : { ...change.wanted.body, pending: true };
    await management.call(place, { method: "POST", body });
    known = true;
  }
  for (const change of changes) {
    if (change.kind !== "remove" && change.kind !== "replace") continue;
    await management.call(`${place}/${encodeURIComponent(change.id)}`, { method: "DELETE" });
    if (change.kind === "replace") await management.call(place, { method: "POST", body: change.wanted.body });
  }
}

const SIGNS = { keep: "=", add: "+", replace: "~", remove: "-", extra: "?" } as const;

function printPlan({ terminal }: CliContext, { wanted, exists, changes }: RepoPlan): void {
  terminal.out(`${repoPathOf(wanted.repo)}${exists ? "" : " (its name will be held)"}`);
  for (const change of changes) {
    const stays = change.kind === "extra" ? " (not in the file; stays without prune: true)" : "";
    terminal.out(`  ${SIGNS[change.kind]} ${change.shown}${stays}`);
    if (change.kind === "replace") for (const line of change.differences) terminal.out(`      ${line}`);
  }
}

function describe({ wanted, changes }: RepoPlan): readonly JsonRecord[] {
  return changes.map((change) => ({
    repo: repoPathOf(wanted.repo),
    change: change.kind,
    publisher: change.shown,
    ...("id" in change ? { id: change.id } : {}),
    ...(change.kind === "replace" ? { differences: change.differences } : {}),
  }));
}
