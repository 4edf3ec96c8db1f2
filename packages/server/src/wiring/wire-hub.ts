import { hkdfSync, randomBytes } from "node:crypto";
import type { AuthorityDatabase, RepoNameTable, SwitchReader } from "@postern/authority";
import type { Clock } from "@postern/core/time/clock";
import {
  type AuditLog,
  arrivingObjects,
  BranchLocks,
  CommitProvenance,
  DEFAULT_COMMIT_LIMITS,
  DEFAULT_PUSH_RULES,
  DEFAULT_TRANSFER_SETTINGS,
  findRepo,
  GarbageCollector,
  type Gatekeeper,
  GitRepositoriesOnDisk,
  GitTransfersOnDisk,
  HubDatabase,
  makeHeldRepo,
  OpenPullRequests,
  ProvenanceNotes,
  type ProvenanceSigner,
  RepoInspectorOnDisk,
  type RepoMoves,
  RepoPacker,
  redirectMovedRepos,
  registerGitRoutes,
  registerHubRoutes,
  registerLfsRoutes,
  registerResolveRoutes,
  registerStorageRoutes,
  SqliteAccessRequests,
  SqliteDiscussions,
  SqliteHeldNames,
  SqliteLfsLinks,
  SqliteProvenanceStore,
  SqlitePullUploads,
  SqliteRepoCatalogue,
  SqliteRepoNames,
  SqliteStorageCensus,
  settleRepos,
} from "@postern/hub";
import Database from "better-sqlite3";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { GarbageConfig } from "../config/garbage-settings.ts";
import type { LfsStorageConfig } from "../config/storage-settings.ts";
import { refuseChangesInReadOnlyMode } from "../http/read-only-mode.ts";
import type { DataDirectory } from "../lifecycle/data-directory.ts";

import { repeatEvery } from "../lifecycle/repeat-every.ts";
import { scheduleGarbage } from "./schedule-garbage.ts";
import type { HubPorts } from "./wire-authority.ts";
import { wireLfsStorage } from "./wire-lfs-storage.ts";

export interface WiredHub extends HubPorts {
  registerRoutes(app: FastifyInstance): void;
  close(): Promise<void>;
}

export interface HubWiring {
  readonly data: DataDirectory;
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
  readonly gatekeeper: Gatekeeper;
  readonly audit: AuditLog;
  readonly switches: SwitchReader;
  repoMoves(names: (database: AuthorityDatabase) => RepoNameTable): RepoMoves;
  readonly provenanceKeys: ProvenanceSigner;
  /** How the hub calls itself in statements; no slash at the end. */
  readonly publicUrl: string;
  /** 32 bytes that stay the same over restarts; the key of signed URLs is derived from it. */
  readonly secret: Uint8Array;
  readonly lfsStorage: LfsStorageConfig;
  readonly garbage: GarbageConfig;
}

/** How often parts of abandoned uploads are cleared away, in milliseconds. */
const SWEEP_INTERVAL_MS = 3_600_000;

/** How often repos are looked at for objects to pack, in milliseconds. */
const PACK_INTERVAL_MS = 1_800_000;

/** Builds the hub: the only place where its adapters meet its ports. */
export async function wireHub(wiring: HubWiring): Promise<WiredHub> {
  const { data, clock, log, gatekeeper, audit, switches, secret, lfsStorage, garbage, publicUrl } = wiring;
  const signer = wiring.provenanceKeys;
  const database = await HubDatabase.open(data.database);
  const catalogue = new SqliteRepoCatalogue(database);
  const links = new SqliteLfsLinks(database, clock);
  const accessRequests = new SqliteAccessRequests(database);
  const discussions = new SqliteDiscussions(database);
  const nonce = (): string => randomBytes(8).toString("hex");
  const startedAtMs = Date.now();
  const git = new GitRepositoriesOnDisk({ dataDirectory: data.path, nonce, startedAtMs });
  const transfers = new GitTransfersOnDisk({ directoryOf: (repoId) => git.directoryOf(repoId), nonce, startedAtMs });
  await settleRepos(catalogue, git);
  const { store, upkeep, direct } = await wireLfsStorage(lfsStorage, data.path);
  const stopSweeping = repeatEvery(
    SWEEP_INTERVAL_MS,
    async () => void (await upkeep.sweepUploads(clock.now())),
    log,
    "abandoned uploads not cleared",
  );
  const packer = new RepoPacker({ dataDirectory: data.path, startedAtMs });
  const stopPacking = repeatEvery(PACK_INTERVAL_MS, () => packer.sweep(), log, "repos not packed");
  const census = new Database(data.database, { readonly: true });
  const collector = new GarbageCollector({
    census: new SqliteStorageCensus(census),
    inspector: new RepoInspectorOnDisk(data.path),
    links,
    upkeep,
    audit,
    clock,
    policy: garbage.policy,
  });
  const stopCollecting = scheduleGarbage(collector, garbage.everySeconds, log);
  const locks = new BranchLocks();
  const moves = wiring.repoMoves(({ connection }) => new SqliteRepoNames(HubDatabase.on(connection)));
  const statements = new SqliteProvenanceStore(database);
  const notes = new ProvenanceNotes({
    store: statements,
    git,
    locks,
    clock,
    onFailure: (cause) => log.warn({ err: cause }, "provenance not copied into git notes"),
  });
  await notes.catchUp();
  const provenance = new CommitProvenance({
    signer,
    store: statements,
    clock,
    publicUrl,
    onMoved: (repoId) => notes.request(repoId),
  });
  const ticketKey = new Uint8Array(hkdfSync("sha256", secret, "", "postern signed transfer URLs", 32));

  return {
    resources: { findRepo: (repo) => findRepo(catalogue, repo, clock.now()) },
    repoMaker: {
      make: (held, creator, commit) =>
        makeHeldRepo({ catalogue, storage: git, clock, locks, provenance }, held, creator, commit),
    },
    heldNames: ({ connection }) => new SqliteHeldNames(HubDatabase.on(connection)),
    registerRoutes: (app) => {
      redirectMovedRepos(app, { gatekeeper, catalogue });
      // Scopes of their own: each has its own body parsers.
      app.register(async (scope) => {
        refuseChangesInReadOnlyMode(scope, switches);
        registerHubRoutes(scope, {
          gatekeeper,
          catalogue,
          accessRequests,
          git,
          storage: git,
          lfs: links,
          arrivals: direct === undefined ? undefined : (commit) => arrivingObjects(links, direct, { ...commit, audit }),
          lfsFiles: links,
          audit,
          clock,
          discussions,
          newEventId: () => randomBytes(12).toString("hex"),
          newRepoId: () => randomBytes(12).toString("hex"),
          moves,
          locks,
          limits: DEFAULT_COMMIT_LIMITS,
          provenance,
          statements,
          signer,
        });
      });
      app.register(async (scope) => {
        refuseChangesInReadOnlyMode(scope, switches);
        registerLfsRoutes(scope, {
          gatekeeper,
          catalogue,
          accessRequests,
          pullUploads: new SqlitePullUploads(database),
          store,
          links,
          direct,
          audit,
          clock,
          ticketKey,
          newUploadId: () => randomBytes(16).toString("hex"),
          settings: DEFAULT_TRANSFER_SETTINGS,
        });
      });
      app.register(async (scope) => {
        refuseChangesInReadOnlyMode(scope, switches);
        registerGitRoutes(scope, {
          gatekeeper,
          catalogue,
          accessRequests,
          git,
          transfers,
          lfs: links,
          audit,
          clock,
          locks,
          pulls: new OpenPullRequests(discussions),
          rules: DEFAULT_PUSH_RULES,
          provenance,
        });
      });
      app.register(async (scope) => {
        refuseChangesInReadOnlyMode(scope, switches);
        registerStorageRoutes(scope, { gatekeeper, collector });
      });
      app.register(async (scope) =>
        registerResolveRoutes(scope, {
          gatekeeper,
          catalogue,
          accessRequests,
          git,
          store,
          links,
          direct: direct === undefined ? undefined : { transfers: direct, settings: DEFAULT_TRANSFER_SETTINGS, clock },
        }),
      );
    },
    close: async () => {
      stopSweeping();
      stopPacking();
      packer.close();
      stopCollecting();
      census.close();
      await notes.close();
      git.close();
      database.close();
    },
  };
}
