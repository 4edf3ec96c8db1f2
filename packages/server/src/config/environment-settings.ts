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
  };
}
