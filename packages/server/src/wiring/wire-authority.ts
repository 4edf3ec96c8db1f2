import { randomBytes, randomUUID } from "node:crypto";
import path from "node:path";
import {
  AccessTokenMint,
  auditRefusals,
  bootstrapAdmin,
  CachedIssuerKeys,
  ExpiredRowSweeper,
  HttpIssuerProbe,
  loadSecretKey,
  openAuthorityDatabase,
  openKeyRing,
  type ResourceDirectory,
  registerAccessTokensRoutes,
  registerAccountsRoutes,
  registerAgentHarnessesRoute,
  registerAuditRoutes,
  registerIssuersRoutes,
  registerJwksRoute,
  registerOrgsRoutes,
  registerPublishersRoutes,
  registerRevokeRoutes,
  registerTokenEndpoint,
  registerWhoamiRoute,
  SqliteAccountStore,
  SqliteAuditLog,
  SqliteGrantLedger,
  SqliteIssuerStore,
  SqlitePublisherStore,
  SqliteSigningKeyStore,
  SqliteTokenStore,
  seedPresetIssuers,
  TokenGatekeeper,
  tokenExchangeGrant,
} from "@postern/authority";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { ServerConfig } from "../config/server-config.ts";
import type { DataDirectory } from "../lifecycle/data-directory.ts";
import { repeatEvery } from "../lifecycle/repeat-every.ts";

export interface WiredAuthority {
  readonly gatekeeper: TokenGatekeeper;
  readonly audit: SqliteAuditLog;
  /** 32 bytes that stay the same over restarts; other secrets are derived from it. */
  readonly secret: Uint8Array;
  /** The token of an administrator that this start made; shown once. */
  readonly bootstrapToken: string | undefined;
  readonly hasAdministrator: boolean;
  /** @throws when changes cannot be recorded any more. */
  checkReady(): void;
  registerRoutes(app: FastifyInstance, directory: ResourceDirectory): void;
  close(): Promise<void>;
}

/** How often expired replay entries and grants are cleared away, in milliseconds. */
const SWEEP_INTERVAL_MS = 60_000;

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
  const gatekeeper = new TokenGatekeeper({ accounts, tokens, clock });
  const keyRing = await openKeyRing({ store: new SqliteSigningKeyStore(database), secret, clock, randomBytes });
  await seedPresetIssuers({ issuers, newId: randomUUID });
  const bootstrapToken = await bootstrap(config, { accounts, tokens, clock });
  const sweeper = new ExpiredRowSweeper(database, clock);
  const stopSweeping = repeatEvery(SWEEP_INTERVAL_MS, () => sweeper.sweep(), log, "expired rows not cleared");

  return {
    gatekeeper,
    audit,
    secret,
    bootstrapToken,
    hasAdministrator: (await accounts.list("user")).some(({ isAdmin }) => isAdmin),
    checkReady: () => database.commits.checkReady(),
    registerRoutes: (app, resources) => {
      const common = {
        identifier: gatekeeper,
        clock,
        audit,
        auditReader: audit,
        newId: randomUUID,
        randomBytes,
        accounts,
        tokens,
        issuers,
        publishers,
        resources,
      };
      const keys = new CachedIssuerKeys({
        clock,
        onFetchFailure: (issuer, cause) =>
          log.warn(
            { "issuer.url": issuer.url, "error.message": cause instanceof Error ? cause.message : String(cause) },
            "issuer keys not fetched",
          ),
      });
      const exchange = tokenExchangeGrant({
        clock,
        issuers,
        keys,
        audiences: new Set([publicUrl, ...config.audiences]),
        publishers,
        resources,
        ledger: new SqliteGrantLedger(database),
        mint: new AccessTokenMint({ keyRing, publicUrl, randomBytes }),
        audit,
      });
      auditRefusals(app, { identifier: gatekeeper, audit });
      registerTokenEndpoint(app, { grants: [exchange], audit });
      registerPublishersRoutes(app, common);
      registerIssuersRoutes(app, {
        ...common,
        probe: new HttpIssuerProbe({}),
        configuredOrigins: config.allowIssuerOrigins,
      });
      registerAccountsRoutes(app, common);
      registerOrgsRoutes(app, common);
      registerAccessTokensRoutes(app, common);
      registerRevokeRoutes(app, common);
      registerAuditRoutes(app, common);
      registerWhoamiRoute(app, common);
      registerJwksRoute(app, { keyRing, publicUrl });
      registerAgentHarnessesRoute(app);
    },
    close: async () => {
      stopSweeping();
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
