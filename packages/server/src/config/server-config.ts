import path from "node:path";
import type { LimitSettings, RenamePolicy } from "@postern/authority";
import { ConfigError } from "./config-error.ts";
import { type ConnectionSettings, parseConnections } from "./connection-settings.ts";
import { type GarbageConfig, type GarbageSettings, parseGarbage } from "./garbage-settings.ts";
import { parseLimits } from "./limit-settings.ts";
import { parseRequestLimits, type RequestLimitSettings } from "./request-limit-settings.ts";
import { type LfsStorageConfig, parseStorage, type StorageSettings } from "./storage-settings.ts";

/** What a start of the server may be told: flags first, then environment, then the file. */
export interface ServerSettings extends StorageSettings, GarbageSettings {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly publicUrl?: string | undefined;
  /** Further origins that a subject token's `aud` may name. */
  readonly audiences?: readonly string[] | undefined;
  /** Name of the first administrator; makes the account and one token at the first start. */
  readonly bootstrapAdmin?: string | undefined;
  /** That administrator's token, for unattended installs, instead of a generated one. */
  readonly adminToken?: string | undefined;
  /** Addresses or networks of reverse proxies whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Issuer origins that any issuer row may use although they are loopback, private or plain http. */
  readonly allowIssuerOrigins?: readonly string[] | undefined;
  /** `once`: the first exchange of a renamed project is granted and its publisher takes the new name; `never`: somebody confirms it first. */
  readonly renames?: string | undefined;
  /** Days after which a signing key is replaced; 0 never does. */
  readonly rotateKeysAfterDays?: number | undefined;
  /** A file outside the data directory that takes every checkpoint of the audit log. */
  readonly checkpointFile?: string | undefined;
  /** A URL that takes every checkpoint of the audit log by POST. */
  readonly checkpointUrl?: string | undefined;
  /** Name of the audit log in its checkpoints; fixed at the first start. */
  readonly checkpointOrigin?: string | undefined;
  /** Serve a database that is not the one that its checkpoints were made of; the audit log says so from then on. */
  readonly acceptAuditRollback?: boolean | undefined;
  /** Limits of the exchange that differ from the defaults. */
  readonly limits?: Partial<LimitSettings> | undefined;
  /** Limits of API calls and downloads that differ from the defaults. */
  readonly requestLimits?: Partial<RequestLimitSettings> | undefined;
  /** Limits of connections and slow bodies that differ from the defaults. */
  readonly connections?: Partial<ConnectionSettings> | undefined;
  /** Listen on a public address without TLS in front. */
  readonly allowInsecurePublicBind?: boolean | undefined;
}

/** The settings after parsing: complete, checked, frozen. Times in seconds, sizes in bytes. */
export interface ServerConfig {
  readonly port: number;
  readonly host: string;
  /** Absolute path. */
  readonly dataDir: string;
  /** Origin without a trailing slash; `undefined` until the port is known when none was given. */
  readonly publicUrl: string | undefined;
  readonly audiences: readonly string[];
  readonly bootstrapAdmin: string | undefined;
  readonly adminToken: string | undefined;
  readonly trustedProxies: readonly string[];
  readonly allowIssuerOrigins: readonly string[];
  readonly renames: RenamePolicy;
  readonly limits: LimitSettings;
  readonly requestLimits: RequestLimitSettings;
  readonly connections: ConnectionSettings;
  /** Absolute path. */
  readonly checkpointFile: string | undefined;
  readonly checkpointUrl: string | undefined;
  readonly checkpointOrigin: string | undefined;
  readonly acceptAuditRollback: boolean;
  readonly lfsStorage: LfsStorageConfig;
  readonly garbage: GarbageConfig;
  /** `undefined`: only when an administrator asks. */
  readonly rotateKeysAfterDays: number | undefined;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Checks settings and fills in the defaults of `postern serve`.
 *
 * @throws {ConfigError} naming the setting, what was expected and an example.
 */
export function parseServerConfig(settings: ServerSettings): ServerConfig {
  const port = settings.port ?? 8080;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError("port", `must be a whole number from 0 to 65535, not ${port}`, "--port 8080");
  }
  const host = settings.host ?? "127.0.0.1";
  const publicUrl = settings.publicUrl === undefined ? undefined : parseOrigin("public-url", settings.publicUrl);
  const trustedProxies = settings.trustedProxies ?? [];
  const guarded = LOOPBACK.has(host) || trustedProxies.length > 0 || settings.allowInsecurePublicBind === true;
  if (!guarded) {
    throw new ConfigError(
      "host",
      `${host} can be reached from other machines, and tokens would cross the network in the clear`,
      "put a TLS proxy in front and name it with --trusted-proxy 10.0.0.5, or say --allow-insecure-public-bind",
    );
  }
  return Object.freeze({
    port,
    host,
    dataDir: path.resolve(settings.dataDir ?? "./data"),
    publicUrl,
    audiences: (settings.audiences ?? []).map((audience) => parseOrigin("audiences", audience)),
    bootstrapAdmin: settings.bootstrapAdmin,
    adminToken: settings.adminToken,
    trustedProxies,
    allowIssuerOrigins: (settings.allowIssuerOrigins ?? []).map((origin) =>
      parseOrigin("issuers.allow_origins", origin),
    ),
    renames: parseRenames(settings.renames ?? "once"),
    limits: parseLimits(settings.limits ?? {}),
    requestLimits: parseRequestLimits(settings.requestLimits ?? {}),
    connections: parseConnections(settings.connections ?? {}),
    checkpointFile: settings.checkpointFile === undefined ? undefined : path.resolve(settings.checkpointFile),
    checkpointUrl: settings.checkpointUrl === undefined ? undefined : parseSinkUrl(settings.checkpointUrl),
    checkpointOrigin: settings.checkpointOrigin,
    acceptAuditRollback: settings.acceptAuditRollback === true,
    lfsStorage: parseStorage(settings),
    garbage: parseGarbage(settings),
    rotateKeysAfterDays: parseDays("keys.rotate_after_days", settings.rotateKeysAfterDays ?? 90),
  });
}

function parseRenames(text: string): RenamePolicy {
  if (text === "once" || text === "never") return text;
  throw new ConfigError("publishers.renames", `must be once or never, not ${text}`, "renames: once");
}

/** @returns `undefined` for 0. */
function parseDays(setting: string, days: number): number | undefined {
  if (!Number.isInteger(days) || days < 0 || days > 3650)
    throw new ConfigError(
      setting,
      `must be a whole number of days from 0 (never) to 3650, not ${days}`,
      `${setting}: 90`,
    );
  return days === 0 ? undefined : days;
}

/** Where checkpoints are sent. They are signed and no secret, so plain http is allowed. */
function parseSinkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
    return url.href;
  throw new ConfigError(
    "audit.checkpoints.http",
    "must be an http or https URL without a name and password in it",
    "http: https://witness.example.com/checkpoints",
  );
}

/** `https://hub.example` or `http://127.0.0.1:8080`; a trailing slash is taken off, anything more is refused. */
function parseOrigin(setting: string, text: string): string {
  const bare = text.replace(/\/+$/, "");
  if (!URL.canParse(bare) || !/^https?:\/\//.test(bare) || new URL(bare).origin !== bare.toLowerCase()) {
    throw new ConfigError(
      setting,
      `must be an origin (scheme, host and port only), not ${text}`,
      "https://hub.example.com",
    );
  }
  return bare.toLowerCase();
}
