import { ConfigError } from "./config-error.ts";
import type { ServerSettings } from "./server-config.ts";

/** The server's settings from `POSTERN_…` variables; an empty variable counts as unset. @throws {ConfigError} */
export function settingsFromEnvironment(environment: Readonly<Record<string, string | undefined>>): ServerSettings {
  const read = (name: string): string | undefined => (environment[name] === "" ? undefined : environment[name]);
  const port = read("POSTERN_PORT");
  if (port !== undefined && !/^\d{1,5}$/.test(port)) {
    throw new ConfigError("POSTERN_PORT", `must be a whole number from 0 to 65535, not ${port}`, "POSTERN_PORT=8080");
  }
  if (read("POSTERN_DATABASE_URL") !== undefined) {
    throw new ConfigError(
      "POSTERN_DATABASE_URL",
      "PostgreSQL is not supported yet; this version stores its state in SQLite under the data directory",
      "leave it unset and set POSTERN_DATA=/var/lib/postern",
    );
  }
  return {
    port: port === undefined ? undefined : Number(port),
    host: read("POSTERN_HOST"),
    dataDir: read("POSTERN_DATA"),
    publicUrl: read("POSTERN_PUBLIC_URL"),
    adminToken: read("POSTERN_ADMIN_TOKEN"),
    lfsStorage: read("POSTERN_LFS_STORAGE"),
    s3Endpoint: read("POSTERN_S3_ENDPOINT"),
    s3PublicEndpoint: read("POSTERN_S3_PUBLIC_ENDPOINT"),
    s3Region: read("POSTERN_S3_REGION"),
    s3Bucket: read("POSTERN_S3_BUCKET"),
    s3Prefix: read("POSTERN_S3_PREFIX"),
    s3PathStyle: flag("POSTERN_S3_PATH_STYLE", read("POSTERN_S3_PATH_STYLE")),
    s3Direct: flag("POSTERN_S3_DIRECT", read("POSTERN_S3_DIRECT")),
    s3CredentialsFile: read("POSTERN_S3_CREDENTIALS_FILE"),
    s3AccessKeyId: read("POSTERN_S3_ACCESS_KEY_ID"),
    s3SecretAccessKey: read("POSTERN_S3_SECRET_ACCESS_KEY"),
    s3SessionToken: read("POSTERN_S3_SESSION_TOKEN"),
  };
}

function flag(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined || value === "true" || value === "false")
    return value === undefined ? undefined : value === "true";
  throw new ConfigError(name, `must be true or false, not ${value}`, `${name}=true`);
}
