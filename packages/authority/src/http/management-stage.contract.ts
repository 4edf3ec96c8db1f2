import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Refusal } from "@postern/core/error/refusal";
import type { PublisherTarget } from "@postern/core/publisher/publisher";
import { parseAccountName } from "@postern/core/resource/account-name";
import type { Clock } from "@postern/core/time/clock";
import { addSeconds, type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { fastify } from "fastify";
import { bootstrapAdmin } from "../accounts/bootstrap-admin.ts";
import { TokenGatekeeper } from "../accounts/token-gatekeeper.ts";
import { loadSecretKey } from "../adapters/secret-key-file.ts";
import { type AuthorityDatabase, openAuthorityDatabase } from "../adapters/sqlite/authority-database.ts";
import { SqliteAccountStore } from "../adapters/sqlite/sqlite-account-store.ts";
import { SqliteAuditLog } from "../adapters/sqlite/sqlite-audit-log.ts";
import { SqliteGrantLedger } from "../adapters/sqlite/sqlite-grant-ledger.ts";
import { SqliteIssuerStore } from "../adapters/sqlite/sqlite-issuer-store.ts";
import { SqliteProvenanceKeyStore } from "../adapters/sqlite/sqlite-provenance-key-store.ts";
import { SqlitePublisherStore } from "../adapters/sqlite/sqlite-publisher-store.ts";
import { SqliteSigningKeyStore } from "../adapters/sqlite/sqlite-signing-key-store.ts";
import { SqliteSwitchStore } from "../adapters/sqlite/sqlite-switch-store.ts";
import { SqliteTokenStore } from "../adapters/sqlite/sqlite-token-store.ts";
import { eventNamed, grant, publisher } from "../adapters/store-fixtures.contract.ts";
import type { AuditEntry } from "../audit/audit-entry.ts";
import { ProvenanceKeys } from "../provenance/provenance-keys.ts";
import { Switches } from "../switches/switches.ts";
import { AccessTokenMint } from "../tokens/access-token-mint.ts";
import { type KeyRing, openKeyRing } from "../tokens/key-ring.ts";
import { registerAccessTokensRoutes } from "./access-tokens-routes.ts";
import { registerAccountsRoutes } from "./accounts-routes.ts";
import { registerAgentHarnessesRoute } from "./agent-harnesses-route.ts";
import { auditRefusals } from "./audit-refusals.ts";
import { registerAuditRoutes } from "./audit-routes.ts";
import { registerJwksRoute } from "./jwks-route.ts";
import { registerKeysRoutes } from "./keys-routes.ts";
import { registerOrgsRoutes } from "./orgs-routes.ts";
import { registerRevokeRoutes } from "./revoke-routes.ts";
import { registerSwitchesRoutes } from "./switches-routes.ts";
import { registerWhoamiRoute } from "./whoami-route.ts";

export const PUBLIC_URL = "https://hub.example";
export const START: EpochSeconds = epochSeconds(1_795_000_000);
export const ADMIN_TOKEN = "hf_adminadminadminadminadminadminadmi";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; an empty object when it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** The management API over real stores, on 127.0.0.1, with one administrator `root`; only the clock belongs to the test. */
export interface ManagementStage {
  readonly directory: string;
  readonly clock: Clock & { time: EpochSeconds };
  readonly database: AuthorityDatabase;
  readonly gatekeeper: TokenGatekeeper;
  readonly keyRing: KeyRing;
  readonly provenanceKeys: ProvenanceKeys;
  call(method: string, path: string, token?: string, body?: unknown): Promise<Answer>;
  send(path: string, init: RequestInit): Promise<Answer>;
  /** A user with a personal token of that role; the token. */
  user(name: string, role?: "read" | "write"): Promise<string>;
  /** A token as an exchange makes it. */
  exchanged(target: "repo" | string): Promise<string>;
  entries(): Promise<readonly AuditEntry[]>;
  close(): Promise<void>;
}

export async function openStage(): Promise<ManagementStage> {
  const directory = mkdtempSync(join(tmpdir(), "postern-management-"));
  const clock = { time: START, now: () => clock.time };
  const database = await openAuthorityDatabase({ path: join(directory, "postern.db"), nowMs: () => clock.time * 1000 });
  const accounts = new SqliteAccountStore(database);
  const tokens = new SqliteTokenStore(database);
  const audit = new SqliteAuditLog(database);
  const publishers = new SqlitePublisherStore(database);
  const ledger = new SqliteGrantLedger(database);
  const identifier = new TokenGatekeeper({ accounts, tokens, clock });
  const switches = await Switches.open(new SqliteSwitchStore(database));
  const secret = loadSecretKey(join(directory, "secret.key"), randomBytes);
  const keyRing = await openKeyRing({
    store: new SqliteSigningKeyStore(database),
    secret,
    clock,
    randomBytes,
  });
  const provenanceKeys = await ProvenanceKeys.open({
    store: new SqliteProvenanceKeyStore(database),
    secret,
    clock,
    randomBytes,
  });
  const mint = new AccessTokenMint({ keyRing, publicUrl: PUBLIC_URL, randomBytes });
  await bootstrapAdmin("root", ADMIN_TOKEN, { accounts, tokens, clock, randomBytes });

  const app = fastify({ genReqId: () => randomUUID() });
  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof Refusal)) return reply.send(error);
    const wire = error.wire();
    return reply.code(wire.status).headers(wire.headers).send(wire.body);
  });
  auditRefusals(app, { identifier, audit });
  registerAccountsRoutes(app, { identifier, accounts, clock });
  registerOrgsRoutes(app, { identifier, accounts, clock });
  registerAccessTokensRoutes(app, { identifier, accounts, tokens, clock, randomBytes });
  registerAuditRoutes(app, { identifier, auditReader: audit });
  registerWhoamiRoute(app, { identifier, accounts, tokens });
  registerRevokeRoutes(app, { tokens, clock });
  registerKeysRoutes(app, { identifier, keyRing, provenanceKeys, clock });
  registerSwitchesRoutes(app, { identifier, switches, issuers: new SqliteIssuerStore(database), publishers, clock });
  registerJwksRoute(app, { keyRing, provenanceKeys, publicUrl: PUBLIC_URL });
  registerAgentHarnessesRoute(app);
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });

  const send = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${origin}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: objectIn(text) };
  };
  const call: ManagementStage["call"] = (method, path, token, body) =>
    send(path.startsWith("/api/") ? path : `/api/postern/v1${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  return {
    directory,
    clock,
    database,
    gatekeeper: identifier,
    keyRing,
    provenanceKeys,
    call,
    send,
    user: async (name, role = "write") => {
      await call("POST", "/users", ADMIN_TOKEN, { name });
      const { json } = await call("POST", "/tokens", ADMIN_TOKEN, { user: name, role });
      return String(json.token);
    },
    exchanged: async (wanted) => {
      const id = `p-${wanted}`;
      const name = parseAccountName(wanted);
      const target: PublisherTarget =
        wanted === "repo" || name === undefined ? publisher(id).target : { kind: "user", name };
      const access: "read" | "write" = target.kind === "repo" ? "write" : "read";
      await publishers.add({ ...publisher(id), target, access }, eventNamed("publisher.add"));
      const expiresAt = addSeconds(clock.time, 3600);
      const minted = mint.mint({ target, access, publisherId: id, issuedAt: clock.time, expiresAt });
      const { tokenId, digest: tokenDigest } = minted;
      const stored = {
        ...grant(tokenId),
        tokenDigest,
        publisherId: id,
        target,
        access,
        issuedAt: clock.time,
        expiresAt,
      };
      const use = { issuer: "https://issuer.example", replayKey: tokenId, retainUntil: expiresAt } as const;
      await ledger.issue({ ...use, mode: { kind: "single-use" } }, stored, eventNamed("token.exchange"));
      return minted.text;
    },
    entries: () => audit.entriesAfter(0, 1000),
    close: async () => {
      await app.close();
      await database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
