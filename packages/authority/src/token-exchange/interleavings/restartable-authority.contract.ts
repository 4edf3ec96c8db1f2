import { randomBytes } from "node:crypto";
import type { UserPrincipal } from "@postern/core/access/principal";
import type { Clock } from "@postern/core/time/clock";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { bootstrapAdmin } from "../../accounts/bootstrap-admin.ts";
import type { Caller } from "../../accounts/caller.ts";
import { TokenGatekeeper } from "../../accounts/token-gatekeeper.ts";
import { CachedIssuerKeys } from "../../adapters/issuer-http/cached-issuer-keys.ts";
import { HttpIssuerProbe } from "../../adapters/issuer-http/http-issuer-probe.ts";
import { type AuthorityDatabase, openAuthorityDatabase } from "../../adapters/sqlite/authority-database.ts";
import { ExpiredRowSweeper } from "../../adapters/sqlite/expired-row-sweeper.ts";
import { SqliteAccountStore } from "../../adapters/sqlite/sqlite-account-store.ts";
import { SqliteAttemptStore } from "../../adapters/sqlite/sqlite-attempt-store.ts";
import { SqliteAuditLog } from "../../adapters/sqlite/sqlite-audit-log.ts";
import { SqliteGrantLedger } from "../../adapters/sqlite/sqlite-grant-ledger.ts";
import { SqliteIssuerStore } from "../../adapters/sqlite/sqlite-issuer-store.ts";
import { SqlitePendingPublishers } from "../../adapters/sqlite/sqlite-pending-publishers.ts";
import { SqlitePublisherStore } from "../../adapters/sqlite/sqlite-publisher-store.ts";
import { SqliteSigningKeyStore } from "../../adapters/sqlite/sqlite-signing-key-store.ts";
import { SqliteSwitchStore } from "../../adapters/sqlite/sqlite-switch-store.ts";
import { SqliteTokenStore } from "../../adapters/sqlite/sqlite-token-store.ts";
import { tokenExchangeGrant } from "../../http/token-exchange-grant.ts";
import { ExchangeLimits, NO_LIMITS } from "../../limits/exchange-limits.ts";
import { Switches } from "../../switches/switches.ts";
import { AccessTokenMint } from "../../tokens/access-token-mint.ts";
import { openKeyRing } from "../../tokens/key-ring.ts";
import { AUDIENCE, knownRepo, person, START } from "../exchange-stage.contract.ts";
import type { KnownRepo } from "../resource-directory.ts";

/**
 * How far the clock may be set back behind the latest time that it ever said: as long as a signing key stays published after the last token
 * that it signed. Seconds.
 */
const LONGEST_STEP_BACK = 300;

/** What one process of the authority holds: real stores, real use cases, no HTTP of its own. */
type Parts = Awaited<ReturnType<typeof openParts>>;

/** An authority that can be closed and opened again over the same file; only its clock and the list of repos belong to the test. */
export class RestartableAuthority {
  readonly clock: Clock & { time: EpochSeconds };
  readonly #path: string;
  readonly #secret: Uint8Array;
  #parts: Parts;
  #serial = 0;
  #latest: number = START;

  private constructor(path: string, clock: RestartableAuthority["clock"], secret: Uint8Array, parts: Parts) {
    this.#path = path;
    this.clock = clock;
    this.#secret = secret;
    this.#parts = parts;
  }

  /** @param path - Of the database, which is made. */
  static async open(path: string, allowedOrigins: readonly string[]): Promise<RestartableAuthority> {
    const clock = { time: START, now: () => clock.time };
    const secret = randomBytes(32);
    const parts = await openParts(path, clock, secret, allowedOrigins, []);
    await bootstrapAdmin("root", undefined, { ...parts, clock, randomBytes });
    return new RestartableAuthority(path, clock, secret, parts);
  }

  get parts(): Parts {
    return this.#parts;
  }

  /** Ids in the order of their making, also over a restart. */
  newId(): string {
    this.#serial += 1;
    return `id-${String(this.#serial).padStart(9, "0")}`;
  }

  /** An administrator's call, with a request id of its own. */
  caller(): Caller {
    return { principal: ADMINISTRATOR, requestId: this.newId(), sourceAddress: "192.0.2.1" };
  }

  stepClock(seconds: number): void {
    const time = Math.max(this.clock.time + seconds, this.#latest - LONGEST_STEP_BACK);
    this.clock.time = epochSeconds(time);
    this.#latest = Math.max(this.#latest, time);
  }

  setRepos(resources: readonly string[]): void {
    this.#parts.repos.splice(0, Infinity, ...resources.map(knownRepo));
  }

  async restart(): Promise<void> {
    const { database, allowedOrigins, repos } = this.#parts;
    await database.close();
    this.#parts = await openParts(this.#path, this.clock, this.#secret, allowedOrigins, repos);
  }

  async close(): Promise<void> {
    await this.#parts.database.close();
  }
}

const ADMINISTRATOR = administrator();

function administrator(): UserPrincipal {
  const root = person("root", { isAdmin: true });
  const org = person("acme");
  if (root.kind !== "user" || org.kind !== "user") throw new Error("a person is no user");
  return { ...root, memberships: [{ org: org.name, role: "admin" }] };
}

async function openParts(
  path: string,
  clock: Clock,
  secret: Uint8Array,
  allowedOrigins: readonly string[],
  repos: KnownRepo[],
) {
  const database: AuthorityDatabase = await openAuthorityDatabase({
    path,
    nowMs: () => clock.now() * 1000,
  });
  const keyRing = await openKeyRing({ store: new SqliteSigningKeyStore(database), secret, clock, randomBytes });
  const accounts = new SqliteAccountStore(database);
  const tokens = new SqliteTokenStore(database);
  const publishers = new SqlitePublisherStore(database);
  const ledger = new SqliteGrantLedger(database);
  // No hub here, so no names: what is pending is tested on a whole server (test/e2e/pending-publisher.test.ts).
  const noNames = { hold: () => "taken" as const, become: () => false, release: () => false, expired: () => [] };
  const pending = new SqlitePendingPublishers(database, noNames, { publishers, ledger });
  const issuers = new SqliteIssuerStore(database);
  const switches = await Switches.open(new SqliteSwitchStore(database));
  const audit = new SqliteAuditLog(database);
  const resources = {
    findRepo: async (wanted: KnownRepo["repo"]) =>
      repos.find(({ repo }) => repo.name === wanted.name && repo.namespace === wanted.namespace),
  };
  const exchange = tokenExchangeGrant({
    clock,
    issuers,
    keys: new CachedIssuerKeys({ clock }),
    audiences: new Set([AUDIENCE]),
    publishers,
    resources,
    ledger,
    firstGrants: pending,
    repoMaker: { make: async () => ({ kind: "exists" }) },
    mint: new AccessTokenMint({ keyRing, publicUrl: AUDIENCE, randomBytes }),
    audit,
    switches,
    attempts: new SqliteAttemptStore(database),
    limits: new ExchangeLimits(NO_LIMITS, clock),
    renames: "once",
  });
  return {
    database,
    allowedOrigins,
    repos,
    keyRing,
    accounts,
    tokens,
    publishers,
    pending,
    issuers,
    switches,
    audit,
    resources,
    exchange,
    probe: new HttpIssuerProbe(),
    gatekeeper: new TokenGatekeeper({ accounts, tokens, clock }),
    sweeper: new ExpiredRowSweeper(database, clock),
  };
}
