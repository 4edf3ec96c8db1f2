import type { LfsLink, LfsLinkUpkeep } from "../lfs/lfs-links.ts";
import { type LfsOid, parseLfsOid } from "../lfs/lfs-oid.ts";
import type { ObjectUpkeep } from "../lfs/object-upkeep.ts";
import { type Finding, finding } from "./finding.ts";
import type { RepoInspector, StorageCensus } from "./repo-inspector.ts";

export interface SurveyDeps {
  readonly census: StorageCensus;
  readonly inspector: RepoInspector;
  readonly links: LfsLinkUpkeep;
  readonly upkeep: ObjectUpkeep;
}

export interface SurveyOptions {
  /** Every git object is read, and the database's indexes are compared; LFS digests are `checkDigests`. */
  readonly deep?: boolean;
  /** How far it is: `repos`, 3 of 17. */
  readonly onProgress?: ((what: "repos" | "objects", done: number, total: number | undefined) => void) | undefined;
}

/** What was found, and what is where. */
export interface Survey {
  readonly findings: readonly Finding[];
  /** Every repo that was looked at, with the state of its refs before that. */
  readonly repos: ReadonlyMap<string, string>;
  /** Objects that some ref of some repo needs. */
  readonly reachable: ReadonlySet<LfsOid>;
  /** Objects that stand, with their sizes in bytes. */
  readonly objects: ReadonlyMap<LfsOid, number>;
  /** Objects in quarantine. */
  readonly quarantined: ReadonlySet<LfsOid>;
}

/**
 * Compares repos, objects and database with each other, and changes nothing. Works beside a running server: refs are read before objects, and
 * objects before links, so that what comes in meanwhile is only ever too much; what seems missing is looked at again.
 */
export async function surveyStorage(deps: SurveyDeps, options: SurveyOptions = {}): Promise<Survey> {
  const findings: Finding[] = [];
  const { census, upkeep } = deps;
  for (const table of census.missingTables()) findings.push(finding("table-missing", `table ${table}`));
  if (findings.length > 0) return { findings, ...NOTHING };
  for (const text of census.damage(options.deep === true))
    findings.push(finding("database-damaged", "postern.db", text));
  for (const text of census.foreignRows()) findings.push(finding("row-foreign", "postern.db", text));

  const { repos, pointers } = await surveyRepos(deps, options, findings);
  const objects = new Map<LfsOid, number>();
  for await (const { oid, size } of upkeep.list((path) => findings.push(finding("object-foreign", path)))) {
    objects.set(oid, size);
    if (objects.size % 1000 === 0) options.onProgress?.("objects", objects.size, undefined);
  }
  const quarantined = new Set<LfsOid>();
  for await (const { oid } of upkeep.listQuarantined()) quarantined.add(oid);
  const shelf = { upkeep, objects, quarantined };
  const reachable = new Set<LfsOid>();
  for (const { needed } of pointers) for (const { oid } of needed) reachable.add(oid);
  await surveyLinks(deps, shelf, pointers, findings);
  return { findings, repos, reachable, objects, quarantined };
}

const NOTHING: Omit<Survey, "findings"> = {
  repos: new Map(),
  reachable: new Set(),
  objects: new Map(),
  quarantined: new Set(),
};

/** What one repo's refs need. */
interface NeededObjects {
  readonly repoId: string;
  readonly name: string;
  readonly needed: readonly { readonly oid: LfsOid; readonly size: number }[];
}

async function surveyRepos(
  { census, inspector }: SurveyDeps,
  { deep = false, onProgress }: SurveyOptions,
  findings: Finding[],
): Promise<{ readonly repos: Map<string, string>; readonly pointers: readonly NeededObjects[] }> {
  const rows = census.repos();
  const directories = new Set(await inspector.directories());
  const listed = new Set(rows.map(({ repoId }) => repoId));
  if (rows.length === 0 && directories.size > 0) findings.push(finding("table-empty", "table repos"));
  const strangers = [...directories].filter((repoId) => !listed.has(repoId));
  const absent = rows.filter(({ repoId }) => !directories.has(repoId));
  // A repo that is being made has a note before it has a directory, and a row at last; one that is being removed loses them in that order.
  const unsettled = new Set(await inspector.unsettled());
  const now = strangers.length + absent.length === 0 ? directories : new Set(await inspector.directories());
  for (const repoId of unsettled) findings.push(finding("repo-unsettled", `repo ${repoId}`));
  for (const repoId of strangers) {
    if (unsettled.has(repoId) || census.hasRepo(repoId) || !now.has(repoId)) continue;
    findings.push(finding("repo-unlisted", `repo ${repoId}`));
  }
  for (const { repoId, name } of absent) {
    if (!now.has(repoId) && census.hasRepo(repoId)) findings.push(finding("repo-missing", `repo ${repoId} (${name})`));
  }

  const repos = new Map<string, string>();
  const pointers: NeededObjects[] = [];
  for (const [index, { repoId, name }] of rows.entries()) {
    onProgress?.("repos", index, rows.length);
    if (!directories.has(repoId)) continue;
    const inspected = await inspectOne(inspector, repoId, deep).catch((cause: unknown) => ({ cause }));
    if ("cause" in inspected) {
      // Removed while we looked at it.
      if (!census.hasRepo(repoId)) continue;
      const text = inspected.cause instanceof Error ? inspected.cause.message : String(inspected.cause);
      findings.push(finding("repo-damaged", `repo ${repoId} (${name})`, text));
      continue;
    }
    repos.set(repoId, inspected.fingerprint);
    if (inspected.faults.length > 0 && !census.hasRepo(repoId)) continue;
    for (const { code, detail } of inspected.faults) findings.push(finding(code, `repo ${repoId} (${name})`, detail));
    pointers.push({ repoId, name, needed: inspected.needed });
  }
  return { repos, pointers };
}

/** @returns the state of the refs before they were read: what changes meanwhile makes it another. */
export async function inspectOne(
  inspector: RepoInspector,
  repoId: string,
  deep: boolean,
): Promise<
  Pick<NeededObjects, "needed"> & {
    readonly fingerprint: string;
    readonly faults: Awaited<ReturnType<RepoInspector["inspect"]>>["faults"];
  }
> {
  const fingerprint = await inspector.refsFingerprint(repoId);
  const { faults, pointers } = await inspector.inspect(repoId, deep);
  const needed = pointers.flatMap(({ oid: text, size }) => {
    const oid = parseLfsOid(text);
    return oid === undefined ? [] : [{ oid, size }];
  });
  return { fingerprint, faults, needed };
}

interface Shelf {
  readonly upkeep: ObjectUpkeep;
  readonly objects: Map<LfsOid, number>;
  readonly quarantined: ReadonlySet<LfsOid>;
}

async function surveyLinks(
  { census, links }: SurveyDeps,
  shelf: Shelf,
  pointers: readonly NeededObjects[],
  findings: Finding[],
): Promise<void> {
  const open = new Map<string, { readonly name: string; readonly size: number }>();
  const missing = new Set<LfsOid>();
  for (const { repoId, name, needed } of pointers) {
    for (const { oid, size } of needed) {
      open.set(`${oid} ${repoId}`, { name, size });
      await checkObject(shelf, oid, size, `object ${oid} of ${name}`, missing, findings);
    }
  }
  let count = 0;
  for (const link of links.all()) {
    count += 1;
    const pointer = open.get(`${link.oid} ${link.repoId}`);
    open.delete(`${link.oid} ${link.repoId}`);
    if (pointer !== undefined && pointer.size !== link.size) {
      findings.push(
        finding("link-size", `object ${link.oid} of ${pointer.name}`, `${pointer.size} and ${link.size} bytes`),
      );
    }
    await checkLink(census, shelf, link, missing, findings);
  }
  if (count === 0 && shelf.objects.size > 0) findings.push(finding("table-empty", "table lfs_links"));
  for (const [key, { name }] of open) {
    const [oid = "", repoId = ""] = key.split(" ");
    if (census.hasRepo(repoId)) findings.push(finding("link-missing", `object ${oid} of ${name}`));
  }
}

async function checkLink(
  census: StorageCensus,
  shelf: Shelf,
  { oid, repoId, size }: LfsLink,
  missing: Set<LfsOid>,
  findings: Finding[],
): Promise<void> {
  if (missing.has(oid)) return;
  const stored = shelf.objects.get(oid);
  if (stored !== undefined && stored !== size) {
    missing.add(oid);
    findings.push(finding("object-size", `object ${oid}`, `${stored} bytes, not ${size}`));
  }
  if (stored !== undefined || shelf.quarantined.has(oid) || (await shelf.upkeep.stands(oid))) return;
  if (!census.hasRepo(repoId)) return;
  missing.add(oid);
  findings.push(finding("link-dangling", `object ${oid} of repo ${repoId}`));
}

async function checkObject(
  { upkeep, objects, quarantined }: Shelf,
  oid: LfsOid,
  size: number,
  subject: string,
  reported: Set<LfsOid>,
  findings: Finding[],
): Promise<void> {
  if (reported.has(oid)) return;
  const stored = objects.get(oid);
  if (stored === size) return;
  if (stored !== undefined) findings.push(finding("object-size", subject, `${stored} bytes, not ${size}`));
  else if (quarantined.has(oid)) findings.push(finding("object-quarantined", subject));
  // Brought back from the quarantine since the list was made.
  else if (await upkeep.stands(oid)) return;
  else findings.push(finding("object-missing", subject));
  reported.add(oid);
}
