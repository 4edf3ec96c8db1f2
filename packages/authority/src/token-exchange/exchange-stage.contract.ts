import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Principal } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { Refusal } from "@postern/core/error/refusal";
import type { Issuer } from "@postern/core/issuer/issuer";
import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import type { ProviderId } from "@postern/core/provider/provider-id";
import type { Publisher } from "@postern/core/publisher/publisher";
import { parseAccountName } from "@postern/core/resource/account-name";
import { repoKeyOf } from "@postern/core/resource/repo-ref";
import { parseResource } from "@postern/core/resource/resource";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { type FastifyInstance, fastify } from "fastify";
import { CachedIssuerKeys } from "../adapters/issuer-http/cached-issuer-keys.ts";
import { HttpIssuerProbe } from "../adapters/issuer-http/http-issuer-probe.ts";
import { type AuthorityDatabase, openAuthorityDatabase } from "../adapters/sqlite/authority-database.ts";
import { SqliteAccountStore } from "../adapters/sqlite/sqlite-account-store.ts";
import { SqliteAttemptStore } from "../adapters/sqlite/sqlite-attempt-store.ts";
import { SqliteAuditLog } from "../adapters/sqlite/sqlite-audit-log.ts";
import { SqliteGrantLedger } from "../adapters/sqlite/sqlite-grant-ledger.ts";
import { SqliteIssuerStore } from "../adapters/sqlite/sqlite-issuer-store.ts";
import { SqlitePendingPublishers } from "../adapters/sqlite/sqlite-pending-publishers.ts";
import { SqlitePublisherStore } from "../adapters/sqlite/sqlite-publisher-store.ts";
import { SqliteSeenKeysStore } from "../adapters/sqlite/sqlite-seen-keys-store.ts";
import { SqliteSigningKeyStore } from "../adapters/sqlite/sqlite-signing-key-store.ts";
import { SqliteSpentTokens } from "../adapters/sqlite/sqlite-spent-tokens.ts";
import { SqliteSwitchStore } from "../adapters/sqlite/sqlite-switch-store.ts";
import { registerAttemptsRoutes } from "../http/attempts-routes.ts";
import { registerDryRunRoute } from "../http/dry-run-route.ts";
import { registerIssuersRoutes } from "../http/issuers-routes.ts";
import { registerPublishersRoutes } from "../http/publishers-routes.ts";
import { registerTokenEndpoint } from "../http/token-endpoint.ts";
import { type TokenExchangeGrantDeps, tokenExchangeGrant } from "../http/token-exchange-grant.ts";
import type { IssuerStore } from "../issuers/issuer-store.ts";
import { ExchangeLimits, NO_LIMITS } from "../limits/exchange-limits.ts";
import { Switches } from "../switches/switches.ts";
import { AccessTokenMint } from "../tokens/access-token-mint.ts";
import { openKeyRing } from "../tokens/key-ring.ts";
import type { KnownRepo } from "./resource-directory.ts";
import { ID_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT_TYPE } from "./token-exchange-request.ts";

export const AUDIENCE = "https://hub.example";
export const START: EpochSeconds = epochSeconds(1_795_000_000);

export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The authority's HTTP side over its real stores, on 127.0.0.1; only the clock and the list of repos belong to the test. */
export interface ExchangeStage {
  readonly origin: string;
  readonly clock: { time: EpochSeconds };
  readonly database: AuthorityDatabase;
  readonly deps: TokenExchangeGrantDeps;
  readonly issuers: IssuerStore;
  readonly repos: KnownRepo[];
  readonly principals: Map<string, Principal>;
  addIssuer(provider: ProviderId, url: string, allowOrigins?: readonly string[], enabled?: boolean): Promise<Issuer>;
  addPublisher(fields: PublisherFields): Promise<Publisher>;
  exchange(subjectToken: string, resource: string): Promise<WireAnswer>;
  post(path: string, body: string, headers: Record<string, string>): Promise<WireAnswer>;
  call(method: string, path: string, token?: string, body?: unknown): Promise<WireAnswer>;
  auditEvents(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  grants(): number;
  close(): Promise<void>;
}

export interface PublisherFields {
  readonly resource: string;
  readonly provider?: ProviderId;
  readonly issuer: string;
  readonly claims: Publisher["claims"];
  readonly access?: "read" | "write";
  readonly ttlSeconds?: number;
  readonly sourceAddresses?: readonly string[];
}

export async function openStage(overrides: Partial<TokenExchangeGrantDeps> = {}): Promise<ExchangeStage> {
  const directory = mkdtempSync(join(tmpdir(), "postern-exchange-"));
  const clock = { time: START, now: () => clock.time };
  const database = await openAuthorityDatabase({
    path: join(directory, "postern.db"),
    nowMs: () => clock.time * 1000,
  });
  const keyRing = await openKeyRing({
    store: new SqliteSigningKeyStore(database),
    secret: randomBytes(32),
    clock,
    randomBytes,
  });
  const issuers = new SqliteIssuerStore(database);
  const publishers = new SqlitePublisherStore(database);
  const audit = new SqliteAuditLog(database);
  const attempts = new SqliteAttemptStore(database);
  const switches = await Switches.open(new SqliteSwitchStore(database));
  const repos: KnownRepo[] = [];
  const principals = new Map<string, Principal>();
  const resources = {
    findRepo: async (repo: KnownRepo["repo"]) => repos.find((known) => repoKeyOf(known.repo) === repoKeyOf(repo)),
  };
  const ledger = new SqliteGrantLedger(database);
  // No hub here, so no names: what is pending is tested on a whole server (test/e2e/pending-publisher.test.ts).
  const noNames = { hold: () => "taken" as const, become: () => false, release: () => false, expired: () => [] };
  const pending = new SqlitePendingPublishers(database, noNames, { publishers, ledger });
  const deps: TokenExchangeGrantDeps = {
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
    attempts,
    limits: new ExchangeLimits(NO_LIMITS, clock),
    renames: "once",
    ...overrides,
  };
  const app = createApp();
  const identifier = {
    identify: async (authorization: string | undefined): Promise<Principal> =>
      principals.get((authorization ?? "").replace("Bearer ", "")) ?? { kind: "anonymous" },
  };
  registerTokenEndpoint(app, { ...deps, grants: [tokenExchangeGrant(deps)] });
  registerAttemptsRoutes(app, { attempts, publishers, resources, identifier });
  registerDryRunRoute(app, { ...deps, spent: new SqliteSpentTokens(database) });
  registerPublishersRoutes(app, {
    clock,
    newId: randomUUID,
    newRepoId: () => randomBytes(12).toString("hex"),
    accounts: new SqliteAccountStore(database),
    pending,
    publishers,
    issuers,
    resources,
    identifier,
  });
  registerIssuersRoutes(app, {
    newId: randomUUID,
    issuers,
    seenKeys: new SqliteSeenKeysStore(database),
    probe: new HttpIssuerProbe(),
    configuredOrigins: [],
    identifier,
  });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });

  async function send(path: string, init: RequestInit): Promise<WireAnswer> {
    const response = await fetch(`${origin}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text === "" ? {} : JSON.parse(text) };
  }

  return {
    origin,
    clock,
    database,
    deps,
    issuers,
    repos,
    principals,
    addIssuer: async (provider, text, allowOrigins = [new URL(text).origin], enabled = true) => {
      const url = parseIssuerUrl(text);
      if (url === undefined) throw new Error(`no issuer: ${text}`);
      const issuer: Issuer = { id: randomUUID(), provider, url, allowOrigins, enabled };
      await issuers.add(issuer, setupEvent("issuer.add"));
      return issuer;
    },
    addPublisher: async (fields) => {
      const publisher = publisherOf(fields, repos, clock.time);
      await publishers.add(publisher, setupEvent("publisher.add"));
      return publisher;
    },
    exchange: (subjectToken, resource) =>
      send("/oauth/token", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(exchangeFields(subjectToken, resource)),
      }),
    post: (path, body, headers) => send(path, { method: "POST", headers, body }),
    call: (method, path, token, body) =>
      send(`/api/postern/v1${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    auditEvents: async () =>
      (await audit.entriesAfter(0, 10_000)).map((entry) => ({ ...entry, detail: JSON.parse(entry.detail) })),
    grants: () => Number(database.connection.prepare("select count(*) from grants").pluck().get()),
    close: async () => {
      await app.close();
      await database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

export function exchangeFields(subjectToken: string, resource: string): Record<string, string> {
  return {
    grant_type: TOKEN_EXCHANGE_GRANT_TYPE,
    subject_token_type: ID_TOKEN_TYPE,
    subject_token: subjectToken,
    resource,
  };
}

/** A repo that exists. */
export function knownRepo(resource: string): KnownRepo {
  const parsed = parseResource(resource);
  if (parsed?.kind !== "repo") throw new Error(`no repo: ${resource}`);
  return { repo: parsed.repo, repoId: createHash("sha256").update(resource).digest("hex"), visibility: "public" };
}

/** A person with a token. */
export function person(name: string, changes: Partial<Extract<Principal, { kind: "user" }>> = {}): Principal {
  const account = parseAccountName(name);
  if (account === undefined) throw new Error(`no account name: ${name}`);
  return {
    kind: "user",
    name: account,
    fullname: name,
    email: undefined,
    isAdmin: false,
    memberships: [],
    tokenId: `token-of-${name}`,
    tokenName: "test",
    tokenRole: "write",
    ...changes,
  };
}

function publisherOf(fields: PublisherFields, repos: readonly KnownRepo[], createdAt: EpochSeconds): Publisher {
  const resource = parseResource(fields.resource);
  const issuer = parseIssuerUrl(fields.issuer);
  if (resource === undefined || issuer === undefined) throw new Error(`no publisher: ${JSON.stringify(fields)}`);
  const known =
    resource.kind === "repo" ? repos.find(({ repo }) => repoKeyOf(repo) === repoKeyOf(resource.repo)) : undefined;
  return {
    id: randomUUID(),
    target: resource.kind === "user" ? resource : { ...resource, repoId: known?.repoId ?? "missing" },
    provider: fields.provider ?? "github",
    issuer,
    claims: fields.claims,
    access: fields.access ?? (resource.kind === "user" ? "read" : "write"),
    ttlSeconds: fields.ttlSeconds ?? 3600,
    sourceAddresses: fields.sourceAddresses ?? [],
    enabled: true,
    createdAt,
    createdBy: "ada",
    lastUsedAt: undefined,
  };
}

function setupEvent(event: string): AuditEvent {
  return {
    event,
    outcome: "allowed",
    actor: { kind: "system", name: "test", tokenId: undefined },
    resource: "test",
    requestId: "setup",
    sourceAddress: undefined,
    detail: {},
  };
}

/** Renders refusals as the server's error handler does. */
function createApp(): FastifyInstance {
  const app = fastify({ genReqId: () => randomUUID() });
  app.setErrorHandler((error, request, reply) => {
    if (!(error instanceof Refusal)) return reply.code(500).send({ error: String(error) });
    const { status, headers, body } = error.wire();
    return reply
      .code(status)
      .headers(headers)
      .send({ ...body, request_id: request.id });
  });
  return app;
}
