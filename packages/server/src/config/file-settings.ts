import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { ConfigError } from "./config-error.ts";
import { CONNECTION_SETTING_NAMES, connectionsOfFile } from "./connection-settings.ts";
import { LIMIT_NAMES, limitsOfFile } from "./limit-settings.ts";
import { REQUEST_LIMIT_NAMES, requestLimitsOfFile } from "./request-limit-settings.ts";
import type { ServerSettings } from "./server-config.ts";

const EXAMPLE = "a line such as `port: 8080`; docs/reference/configuration.md lists them all";

/**
 * The server's settings from a YAML file: `port`, `host`, `data`, `public_url`, `audiences`, `bootstrap_admin`, `trusted_proxies`,
 * `issuers.allow_origins`, `publishers.renames`, `keys.rotate_after_days`, `audit.checkpoints`, `limits`, `request_limits`, `connections`,
 * `storage`.
 *
 * @throws {ConfigError} for a file that cannot be read, an unknown key (a typing error must not be silently ignored) or a wrong type.
 */
export function settingsFromFile(file: string): ServerSettings {
  const root = parseMapping(file, "", readYaml(file));
  const issuers = parseMapping(file, "issuers.", root.issuers ?? {});
  const publishers = parseMapping(file, "publishers.", root.publishers ?? {});
  const audit = parseMapping(file, "audit.", root.audit ?? {});
  const checkpoints = parseMapping(file, "audit.checkpoints.", audit.checkpoints ?? {});
  const keys = parseMapping(file, "keys.", root.keys ?? {});
  const limits = parseMapping(file, "limits.", root.limits ?? {});
  const requestLimits = parseMapping(file, "request_limits.", root.request_limits ?? {});
  const connections = parseMapping(file, "connections.", root.connections ?? {});
  const storage = parseMapping(file, "storage.", root.storage ?? {});
  const gc = parseMapping(file, "storage.gc.", storage.gc ?? {});
  const s3 = parseMapping(file, "storage.s3.", storage.s3 ?? {});
  refuseUnknown(file, "", root, [
    "port",
    "host",
    "data",
    "public_url",
    "audiences",
    "bootstrap_admin",
    "trusted_proxies",
    "issuers",
    "publishers",
    "keys",
    "audit",
    "limits",
    "request_limits",
    "connections",
    "storage",
  ]);
  refuseUnknown(file, "storage.", storage, ["lfs", "s3", "gc"]);
  refuseUnknown(file, "storage.gc.", gc, ["enabled", "every_hours", "grace_hours", "quarantine_days", "max_objects"]);
  refuseUnknown(file, "storage.s3.", s3, [
    "endpoint",
    "public_endpoint",
    "region",
    "bucket",
    "prefix",
    "path_style",
    "direct",
    "credentials_file",
  ]);
  refuseUnknown(file, "limits.", limits, LIMIT_NAMES);
  refuseUnknown(file, "request_limits.", requestLimits, REQUEST_LIMIT_NAMES);
  refuseUnknown(file, "connections.", connections, CONNECTION_SETTING_NAMES);
  refuseUnknown(file, "issuers.", issuers, ["allow_origins"]);
  refuseUnknown(file, "publishers.", publishers, ["renames"]);
  refuseUnknown(file, "audit.", audit, ["checkpoints"]);
  refuseUnknown(file, "audit.checkpoints.", checkpoints, ["file", "http", "origin"]);
  refuseUnknown(file, "keys.", keys, ["rotate_after_days"]);
  return {
    port: number(file, "port", root.port),
    host: text(file, "host", root.host),
    dataDir: text(file, "data", root.data),
    publicUrl: text(file, "public_url", root.public_url),
    audiences: list(file, "audiences", root.audiences),
    bootstrapAdmin: text(file, "bootstrap_admin", root.bootstrap_admin),
    trustedProxies: list(file, "trusted_proxies", root.trusted_proxies),
    allowIssuerOrigins: list(file, "issuers.allow_origins", issuers.allow_origins),
    renames: text(file, "publishers.renames", publishers.renames),
    limits: limitsOfFile((name) => number(file, `limits.${name}`, limits[name])),
    requestLimits: requestLimitsOfFile((name) => number(file, `request_limits.${name}`, requestLimits[name])),
    connections: connectionsOfFile((name) => number(file, `connections.${name}`, connections[name])),
    checkpointFile: text(file, "audit.checkpoints.file", checkpoints.file),
    checkpointUrl: text(file, "audit.checkpoints.http", checkpoints.http),
    checkpointOrigin: text(file, "audit.checkpoints.origin", checkpoints.origin),
    gcEnabled: flag(file, "storage.gc.enabled", gc.enabled),
    gcEveryHours: number(file, "storage.gc.every_hours", gc.every_hours),
    gcGraceHours: number(file, "storage.gc.grace_hours", gc.grace_hours),
    gcQuarantineDays: number(file, "storage.gc.quarantine_days", gc.quarantine_days),
    gcMaxObjects: number(file, "storage.gc.max_objects", gc.max_objects),
    lfsStorage: text(file, "storage.lfs", storage.lfs),
    s3Endpoint: text(file, "storage.s3.endpoint", s3.endpoint),
    s3PublicEndpoint: text(file, "storage.s3.public_endpoint", s3.public_endpoint),
    s3Region: text(file, "storage.s3.region", s3.region),
    s3Bucket: text(file, "storage.s3.bucket", s3.bucket),
    s3Prefix: text(file, "storage.s3.prefix", s3.prefix),
    s3PathStyle: flag(file, "storage.s3.path_style", s3.path_style),
    s3Direct: flag(file, "storage.s3.direct", s3.direct),
    s3CredentialsFile: text(file, "storage.s3.credentials_file", s3.credentials_file),
    rotateKeysAfterDays: number(file, "keys.rotate_after_days", keys.rotate_after_days),
  };
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8")) ?? {};
  } catch (cause) {
    throw new ConfigError(
      file,
      `cannot be read as YAML (${cause instanceof Error ? cause.message.split("\n")[0] : "unknown error"})`,
      EXAMPLE,
    );
  }
}

function parseMapping(file: string, prefix: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError(
      file,
      `${prefix === "" ? "the file" : prefix.slice(0, -1)} must hold keys and values`,
      EXAMPLE,
    );
  }
  return Object.fromEntries(Object.entries(value));
}

function refuseUnknown(
  file: string,
  prefix: string,
  mapping: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  const unknown = Object.keys(mapping).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ConfigError(file, `${prefix}${unknown} is not a setting; known here: ${known.join(", ")}`, EXAMPLE);
}

function text(file: string, name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw wrongType(file, name, "a text");
}

function number(file: string, name: string, value: unknown): number | undefined {
  if (value === undefined || typeof value === "number") return value;
  throw wrongType(file, name, "a number");
}

function flag(file: string, name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw wrongType(file, name, "true or false");
}

function list(file: string, name: string, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw wrongType(file, name, "a list of texts");
}

function wrongType(file: string, name: string, wanted: string): ConfigError {
  return new ConfigError(file, `${name} must be ${wanted}`, EXAMPLE);
}
