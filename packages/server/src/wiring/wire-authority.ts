import { randomBytes, randomUUID } from "node:crypto";
import path from "node:path";
import {
  AccessTokenMint,
  type AuthorityDatabase,
  auditRefusals,
  bootstrapAdmin,
  CachedIssuerKeys,
  ExchangeLimits,
  ExpiredRowSweeper,
  enforceTokenBindings,
  type HeldNameTable,
  type HeldRepoMaker,
  HttpIssuerProbe,
  IssuerKeyWatch,
  loadSecretKey,
  openAuthorityDatabase,
  openKeyRing,
  ProvenanceKeys,
  type RepoNameTable,
  type ResourceDirectory,
  registerAccessTokensRoutes,
  registerAccountsRoutes,
  registerAgentHarnessesRoute,
  registerAttemptsRoutes,
  registerAuditRoutes,
  registerCheckpointRoutes,
  registerDryRunRoute,
  registerIssuersRoutes,
  registerJwksRoute,
  registerKeysRoutes,
  registerOrgsRoutes,
  registerPublisherLintRoutes,
  registerPublishersRoutes,
  registerRevokeRoutes,
  registerSwitchesRoutes,
  registerTokenEndpoint,
  registerTrustedPublishingOnlyRoutes,
  registerWhoamiRoute,
  rotateKeysWhenDue,
  SqliteAccountStore,
  SqliteAttemptStore,
  SqliteAuditLog,
  SqliteGrantLedger,
  SqliteIssuerStore,
  SqlitePendingPublishers,
  SqliteProvenanceKeyStore,
  SqlitePublisherStore,
  SqliteRepoMoves,
  SqliteSeenKeysStore,
  SqliteSigningKeyStore,
  SqliteSpentTokens,
  SqliteSwitchStore,
  SqliteTokenStore,
  Switches,
  type SwitchReader,
  seedPresetIssuers,
  TokenGatekeeper,
  tokenExchangeGrant,
} from "@postern/authority";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { ServerConfig } from "../config/server-config.ts";
import type { DataDirectory } from "../lifecycle/data-directory.ts";
import { repeatEvery } from "../lifecycle/repeat-every.ts";
import { wireCheckpoints } from "./wire-checkpoints.ts";

/** What the authority needs of the hub. */
export interface HubPorts {
  readonly resources: ResourceDirectory;
  readonly repoMaker: HeldRepoMaker;
  /** The hub's names on the authority's own connection, for writes that both share. */
  heldNames(database: AuthorityDatabase): HeldNameTable;
}

export interface WiredAuthority {
  readonly gatekeeper: TokenGatekeeper;
  readonly audit: SqliteAuditLog;
  readonly switches: SwitchReader;
  /** Moves repos and their rights, given the hub's names on the authority's own connection. */
  repoMoves(names: (database: AuthorityDatabase) => RepoNameTable): SqliteRepoMoves;
  readonly provenanceKeys: ProvenanceKeys;
  /** 32 bytes that stay the same over restarts; other secrets are derived from it. */
  readonly secret: Uint8Array;
  /** The token of an administrator that this start made; shown once. */
  readonly bootstrapToken: string | undefined;
  readonly hasAdministrator: boolean;
  /** What an operator should look at although requests are served. */
  warnings(): readonly string[];
  /** @throws when changes cannot be recorded any more. */
  checkReady(): void;
  registerRoutes(app: FastifyInstance, hub: HubPorts): void;
  close(): Promise<void>;
}

/** How often expired replay entries and grants are cleared away, in milliseconds. */
const SWEEP_INTERVAL_MS = 60_000;

/** How often the last uses of publishers are written, in milliseconds. */
const LAST_USES_INTERVAL_MS = 5000;

/** How often the age of the signing key is looked at, in milliseconds. */
const ROTATION_INTERVAL_MS = 600_000;

/** Builds the authority: the only place where its adapters meet its ports. */
export async function wireAuthority(
  config: ServerConfig,
  publicUrl: string,
  data: DataDirectory,
  clock: Clock,
  log: FastifyBaseLogger,
): Promise<WiredAuthority> {
  const database = await openAuthorityDatabase({ path: data.database, nowMs: Date.now });
  const secret = loadSecretKey(path.join(data.path, "secret.key"), randomBytes);
  const accounts = new SqliteAccountStore(database);
  const tokens = new SqliteTokenStore(database);
  const issuers = new SqliteIssuerStore(database);
  const publishers = new SqlitePublisherStore(database);
  const audit = new SqliteAuditLog(database);
  const attempts = new SqliteAttemptStore(database);
  // Before anything is written: an old database that was put back must stay as it is found.
  const checkpoints = await wireCheckpoints({
    config,
    publicUrl,
    dataDir: data.path,
    database,
    audit,
    secret,
    clock,
    log,
  }).catch(async (cause: unknown) => {
    await database.close();
    throw cause;
  });
  const switches = await Switches.open(new SqliteSwitchStore(database));
  const gatekeeper = new TokenGatekeeper({ accounts, tokens, clock });
  const keyRing = await openKeyRing({ store: new SqliteSigningKeyStore(database), secret, clock, randomBytes });
  const provenanceKeys = await ProvenanceKeys.open({
    store: new SqliteProvenanceKeyStore(database),
    secret,
    clock,
    randomBytes,
  });
  await seedPresetIssuers({ issuers, newId: randomUUID });
  const bootstrapToken = await bootstrap(config, { accounts, tokens, clock });
  const sweeper = new ExpiredRowSweeper(database, clock);
  await rotateKeysWhenDue(config.rotateKeysAfterDays, { keyRing, clock });
  const stopRotating = repeatEvery(
    ROTATION_INTERVAL_MS,
    () => rotateKeysWhenDue(config.rotateKeysAfterDays, { keyRing, clock }),
    log,
    "signing keys not rotated",
  );
  const stopNoting = repeatEvery(LAST_USES_INTERVAL_MS, () => database.lastUses.write(), log, "last uses not written");
  let stopReleasing = (): void => undefined;
  const stopSweeping = repeatEvery(SWEEP_INTERVAL_MS, () => sweeper.sweep(), log, "expired rows not cleared");

  return {
    gatekeeper,
    audit,
    switches,
    repoMoves: (names) => new SqliteRepoMoves(database, names(database)),
    secret,
    provenanceKeys,
    bootstrapToken,
    hasAdministrator: (await accounts.list("user")).some(({ isAdmin }) => isAdmin),
    warnings: () => checkpoints.warnings(),
    checkReady: () => database.commits.checkReady(),
    registerRoutes: (app, { resources, repoMaker, heldNames }) => {
      const ledger = new SqliteGrantLedger(database);
      const pending = new SqlitePendingPublishers(database, heldNames(database), { publishers, ledger });
      stopReleasing = repeatEvery(
        SWEEP_INTERVAL_MS,
        () => pending.releaseExpired(clock.now()),
        log,
        "expired names not released",
      );
      const common = {
        identifier: gatekeeper,
        clock,
        audit,
        auditReader: audit,
        newId: randomUUID,
        newRepoId: () => randomBytes(12).toString("hex"),
        pending,
        randomBytes,
        accounts,
        tokens,
        issuers,
        publishers,
        resources,
      };
      const seenKeys = new SqliteSeenKeysStore(database);
      const watch = new IssuerKeyWatch(seenKeys, ({ issuer, added, removed, held, isExpected }) =>
        log[isExpected && held.length === 0 ? "info" : "warn"](
          { "issuer.url": issuer.url, "keys.added": added, "keys.removed": removed, "keys.held": held },
          held.length === 0
            ? "issuer shows other keys than before"
            : "issuer shows new keys, which wait to be confirmed",
        ),
      );
      const keys = new CachedIssuerKeys({
        clock,
        watch,
        onFetchFailure: (issuer, cause) =>
          log.warn(
            { "issuer.url": issuer.url, "error.message": cause instanceof Error ? cause.message : String(cause) },
            "issuer keys not fetched",
          ),
      });
      const exchangeDeps = {
        clock,
        issuers,
        keys,
        audiences: new Set([publicUrl, ...config.audiences]),
        publishers,
        resources,
        ledger,
        firstGrants: pending,
        repoMaker,
        spent: new SqliteSpentTokens(database),
        attempts,
        limits: new ExchangeLimits(config.limits, clock),
        renames: config.renames,
        switches,
        mint: new AccessTokenMint({ keyRing, publicUrl, randomBytes }),
        audit,
      };
      enforceTokenBindings(app, {
        identifier: gatekeeper,
        tokens,
        audit,
        clock,
        audiences: new Set([publicUrl, ...config.audiences]),
      });
      auditRefusals(app, { identifier: gatekeeper, audit });
      registerTokenEndpoint(app, { ...exchangeDeps, grants: [tokenExchangeGrant(exchangeDeps)] });
      registerDryRunRoute(app, exchangeDeps);
      registerAttemptsRoutes(app, { ...common, attempts });
      registerPublishersRoutes(app, common);
      registerPublisherLintRoutes(app, common);
      registerTrustedPublishingOnlyRoutes(app, common);
      registerIssuersRoutes(app, {
        ...common,
        seenKeys,
        probe: new HttpIssuerProbe({}),
        configuredOrigins: config.allowIssuerOrigins,
      });
      registerAccountsRoutes(app, common);
      registerOrgsRoutes(app, common);
      registerAccessTokensRoutes(app, common);
      registerRevokeRoutes(app, common);
      registerAuditRoutes(app, common);
      registerCheckpointRoutes(app, {
        identifier: gatekeeper,
        latest: checkpoints.latest,
        key: checkpoints.key.verifier,
        readSubtree: (subtree) => checkpoints.tree.read(subtree),
      });
      registerWhoamiRoute(app, common);
      registerJwksRoute(app, { keyRing, provenanceKeys, publicUrl });
      registerKeysRoutes(app, { ...common, keyRing, provenanceKeys });
      registerSwitchesRoutes(app, { ...common, switches });
      registerAgentHarnessesRoute(app);
    },
    close: async () => {
      stopReleasing();
      stopSweeping();
      stopNoting();
      stopRotating();
      await checkpoints.close();
      await database.close();
    },
  };
}

async function bootstrap(
  config: ServerConfig,
  deps: Pick<Parameters<typeof bootstrapAdmin>[2], "accounts" | "tokens" | "clock">,
): Promise<string | undefined> {
  if (config.bootstrapAdmin === undefined) return undefined;
  const outcome = await bootstrapAdmin(config.bootstrapAdmin, config.adminToken, { ...deps, randomBytes });
  return outcome.kind === "created" ? outcome.token : undefined;
}
