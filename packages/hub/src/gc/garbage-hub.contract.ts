import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Principal } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { parseRepoRef } from "@postern/core/resource/repo-ref";
import { addSeconds, type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import Database from "better-sqlite3";
import { GitRepositoriesOnDisk } from "../adapters/git/git-repositories-on-disk.ts";
import { RepoInspectorOnDisk } from "../adapters/git/repo-inspector-on-disk.ts";
import { LfsFileStore } from "../adapters/lfs-file-store.ts";
import { HubDatabase } from "../adapters/sqlite/hub-database.ts";
import { SqliteLfsLinks } from "../adapters/sqlite/sqlite-lfs-links.ts";
import { SqliteRepoCatalogue } from "../adapters/sqlite/sqlite-repo-catalogue.ts";
import { SqliteStorageCensus } from "../adapters/sqlite/sqlite-storage-census.ts";
import { BranchLocks } from "../commits/branch-locks.ts";
import { commitToBranch } from "../commits/commit-to-branch.ts";
import { DEFAULT_COMMIT_LIMITS } from "../commits/read-lines.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { LfsOid } from "../lfs/lfs-oid.ts";
import { oidOf, piecesOf } from "../lfs/lfs-store.contract.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { GarbageOutcome, GarbageRun } from "./collect-garbage.ts";
import { GarbageCollector } from "./garbage-collector.ts";
import { DEFAULT_GARBAGE_POLICY, type GarbagePolicy } from "./garbage-policy.ts";

const ACTOR = { kind: "user", name: "ada", tokenId: "t1" } as const;

const ACME = parseRepoRef("model", "acme", "train");
if (ACME === undefined) throw new Error("no repo name");
const JOB: Principal = {
  kind: "repo-workload",
  tokenId: "t2",
  repo: ACME,
  repoId: "0".repeat(24),
  access: "write",
  expiresAt: epochSeconds(2_000_000_000),
  origin: {
    issuer: "https://ci.example",
    subject: "job",
    provider: "custom",
    publisherId: "p",
    runUrl: undefined,
    source: {},
  },
};

/** Real repos, a real database and a real store on disk, with a clock that tests move. */
export class GarbageHub implements AsyncDisposable {
  now: EpochSeconds = epochSeconds(1_800_000_000);
  readonly directory: string;
  readonly database: HubDatabase;
  readonly store: LfsFileStore;
  readonly links: SqliteLfsLinks;
  readonly git: GitRepositoriesOnDisk;
  readonly catalogue: SqliteRepoCatalogue;
  readonly collector: GarbageCollector;
  readonly recorded: AuditEvent[] = [];
  readonly #census: Database.Database;
  readonly #locks = new BranchLocks();
  /** When set, the log refuses. */
  logFailure: Error | undefined;

  static async start(policy: Partial<GarbagePolicy> = {}): Promise<GarbageHub> {
    const directory = await mkdtemp(join(tmpdir(), "postern-gc-"));
    const database = await HubDatabase.open(join(directory, "postern.db"));
    const store = await LfsFileStore.open(join(directory, "lfs"));
    return new GarbageHub(directory, database, store, { ...DEFAULT_GARBAGE_POLICY, ...policy });
  }

  private constructor(directory: string, database: HubDatabase, store: LfsFileStore, policy: GarbagePolicy) {
    this.directory = directory;
    this.database = database;
    this.store = store;
    this.links = new SqliteLfsLinks(database, this.clock);
    this.catalogue = new SqliteRepoCatalogue(database);
    this.git = new GitRepositoriesOnDisk({
      dataDirectory: directory,
      nonce: () => randomBytes(8).toString("hex"),
      startedAtMs: Date.now(),
    });
    this.#census = new Database(join(directory, "postern.db"), { readonly: true });
    this.collector = new GarbageCollector({
      census: new SqliteStorageCensus(this.#census),
      inspector: new RepoInspectorOnDisk(directory),
      links: this.links,
      upkeep: store.upkeep,
      audit: this.audit,
      clock: this.clock,
      policy,
    });
  }

  readonly clock: { readonly now: () => EpochSeconds } = { now: () => this.now };

  readonly audit: { readonly record: (event: AuditEvent) => Promise<void> } = {
    record: async (event) => {
      if (this.logFailure !== undefined) throw this.logFailure;
      this.recorded.push(event);
    },
  };

  pass(seconds: number): void {
    this.now = addSeconds(this.now, seconds);
  }

  async repo(name: string): Promise<StoredRepo> {
    const repo = parseRepoRef("model", "acme", name);
    if (repo === undefined) throw new Error("no repo name");
    const repoId = randomBytes(12).toString("hex");
    const stored: StoredRepo = {
      repo,
      repoId,
      visibility: "public",
      createdAt: this.now,
      updatedAt: this.now,
      createdBy: "ada",
    };
    await this.git.build(repoId, async () => {});
    await this.catalogue.create(stored);
    await this.git.finish(repoId);
    await this.commit(stored, "main", "README.md", "hello");
    return stored;
  }

  async upload(repo: StoredRepo, bytes: Uint8Array): Promise<LfsOid> {
    const oid = oidOf(bytes);
    await this.store.receive(oid, bytes.length, piecesOf(bytes));
    await this.links.add({ repoId: repo.repoId, oid, size: bytes.length });
    return oid;
  }

  /** @param content - Text, an object, or `null` to delete the file. */
  async commit(
    repo: StoredRepo,
    branch: string,
    path: string,
    content: string | { readonly oid: LfsOid; readonly size: number } | null,
  ): Promise<ObjectId> {
    const line =
      content === null
        ? { key: "deletedFile", value: { path } }
        : typeof content === "string"
          ? { key: "file", value: { path, content, encoding: "utf-8" } }
          : { key: "lfsFile", value: { path, algo: "sha256", ...content } };
    const body = [{ key: "header", value: { summary: "a" } }, line].map((item) => JSON.stringify(item)).join("\n");
    return await commitToBranch(
      {
        git: this.git,
        catalogue: this.catalogue,
        lfs: this.links,
        audit: this.audit,
        clock: this.clock,
        locks: this.#locks,
        limits: DEFAULT_COMMIT_LIMITS,
        provenance: { record: async () => {}, moved: () => {} },
      },
      {
        repo,
        principal: JOB,
        ref: `refs/heads/${branch}`,
        body: piecesOf(Buffer.from(body)),
        requestId: "r",
        sourceAddress: undefined,
      },
    );
  }

  collect(run: Partial<GarbageRun> = {}): Promise<GarbageOutcome> {
    return this.collector.collect({
      actor: ACTOR,
      requestId: "r",
      sourceAddress: undefined,
      dryRun: false,
      allowEmptyTables: false,
      ...run,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.git.close();
    this.#census.close();
    this.database.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
