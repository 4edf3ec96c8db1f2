import { readFileSync } from "node:fs";
import { ConfigError } from "./config-error.ts";

/** Where large files lie and how an S3-compatible store is reached, as far as it was told. */
export interface StorageSettings {
  /** `disk` (default) or `s3`. */
  readonly lfsStorage?: string | undefined;
  readonly s3Endpoint?: string | undefined;
  /** The store's address for clients, when it is another one. */
  readonly s3PublicEndpoint?: string | undefined;
  readonly s3Region?: string | undefined;
  readonly s3Bucket?: string | undefined;
  readonly s3Prefix?: string | undefined;
  readonly s3PathStyle?: boolean | undefined;
  /** `false`: bytes go through this server; for a store that clients cannot reach. */
  readonly s3Direct?: boolean | undefined;
  readonly s3CredentialsFile?: string | undefined;
  readonly s3AccessKeyId?: string | undefined;
  readonly s3SecretAccessKey?: string | undefined;
  readonly s3SessionToken?: string | undefined;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

export interface S3Config {
  readonly endpoint: string;
  readonly publicEndpoint: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** Ends with a slash unless it is empty. */
  readonly prefix: string;
  readonly pathStyle: boolean;
  readonly direct: boolean;
  /** A function and no field, so that no printed configuration ever shows them. */
  readonly credentials: () => S3Credentials;
}

/** `undefined` stands for the data directory. */
export type LfsStorageConfig = S3Config | undefined;

/** @throws {ConfigError} naming the setting. */
export function parseStorage(settings: StorageSettings): LfsStorageConfig {
  const kind = settings.lfsStorage ?? "disk";
  if (kind === "disk") return undefined;
  if (kind !== "s3") throw new ConfigError("storage.lfs", `must be disk or s3, not ${kind}`, "lfs: s3");
  const bucket = required("storage.s3.bucket", settings.s3Bucket, "bucket: models");
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new ConfigError(
      "storage.s3.bucket",
      "must be a bucket's name: 3 to 63 of a-z, 0-9, dot and dash",
      "bucket: models",
    );
  }
  const prefix = (settings.s3Prefix ?? "").replaceAll(/^\/+|\/+$/g, "");
  if (!/^[A-Za-z0-9._/-]{0,200}$/.test(prefix)) {
    throw new ConfigError(
      "storage.s3.prefix",
      "may hold letters, digits, dot, dash, underscore and slash",
      "prefix: postern/lfs",
    );
  }
  const found = findCredentials(settings);
  return Object.freeze({
    endpoint: parseEndpoint(
      "storage.s3.endpoint",
      required("storage.s3.endpoint", settings.s3Endpoint, ENDPOINT_EXAMPLE),
    ),
    publicEndpoint:
      settings.s3PublicEndpoint === undefined
        ? undefined
        : parseEndpoint("storage.s3.public_endpoint", settings.s3PublicEndpoint),
    region: settings.s3Region ?? "us-east-1",
    bucket,
    prefix: prefix === "" ? "" : `${prefix}/`,
    pathStyle: settings.s3PathStyle ?? true,
    direct: settings.s3Direct ?? true,
    credentials: () => found,
  });
}

const ENDPOINT_EXAMPLE = "endpoint: https://s3.eu-central-1.amazonaws.com";
const CREDENTIALS_EXAMPLE =
  "POSTERN_S3_ACCESS_KEY_ID=… and POSTERN_S3_SECRET_ACCESS_KEY=…, or storage.s3.credentials_file: /run/secrets/s3";

function required(setting: string, value: string | undefined, example: string): string {
  if (value === undefined || value === "") throw new ConfigError(setting, "is needed when storage.lfs is s3", example);
  return value;
}

function parseEndpoint(setting: string, text: string): string {
  const bare = text.replace(/\/+$/, "");
  const url = URL.canParse(bare) ? new URL(bare) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.origin !== bare.toLowerCase()) {
    throw new ConfigError(setting, "must be an origin (scheme, host and port only)", ENDPOINT_EXAMPLE);
  }
  return url.origin;
}

function findCredentials(settings: StorageSettings): S3Credentials {
  const file = settings.s3CredentialsFile;
  const { accessKeyId, secretAccessKey, sessionToken } =
    file === undefined
      ? {
          accessKeyId: settings.s3AccessKeyId,
          secretAccessKey: settings.s3SecretAccessKey,
          sessionToken: settings.s3SessionToken,
        }
      : readCredentials(file);
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ConfigError("storage.s3", "has no credentials", CREDENTIALS_EXAMPLE);
  }
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** The first profile of a file as the AWS tools write it. Its content never gets into a message. */
function readCredentials(file: string): { readonly [K in keyof S3Credentials]: string | undefined } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new ConfigError("storage.s3.credentials_file", `${file} cannot be read`, CREDENTIALS_EXAMPLE);
  }
  const value = (name: string): string | undefined =>
    new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*(\\S+)[ \\t]*$`, "m").exec(text)?.[1];
  return {
    accessKeyId: value("aws_access_key_id"),
    secretAccessKey: value("aws_secret_access_key"),
    sessionToken: value("aws_session_token"),
  };
}
