import type { Clock } from "@postern/core/time/clock";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { settingsFromEnvironment } from "./config/environment-settings.ts";
import { settingsFromFile } from "./config/file-settings.ts";
import { mergeSettings } from "./config/merge-settings.ts";
import { parseServerConfig, type ServerConfig, type ServerSettings } from "./config/server-config.ts";
import { createApp, type LogSink } from "./http/create-app.ts";
import { type DeclaredRoute, requireDeclaredAudit } from "./http/declared-audit.ts";
import { registerErrorPages } from "./http/error-pages.ts";
import { registerHealthRoutes } from "./http/health-routes.ts";
import { registerHomePage } from "./http/home-page.ts";
import { limitRequests } from "./http/limit-requests.ts";
import { limitAddressConnections } from "./lifecycle/address-connections.ts";
import { watchBodyPace } from "./lifecycle/body-pace.ts";
import { type BoundListener, bindListener } from "./lifecycle/bound-listener.ts";
import { type DataDirectory, openDataDirectory } from "./lifecycle/data-directory.ts";
import { explainNewerDatabase } from "./lifecycle/newer-database.ts";
import { wireAuthority } from "./wiring/wire-authority.ts";
import { wireHub } from "./wiring/wire-hub.ts";

export interface StartServerOptions extends ServerSettings {
  /** A YAML file with further settings; flags and environment win over it. */
  readonly configFile?: string | undefined;
  /** `POSTERN_…` variables; nothing is read from the process itself. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where log lines (JSON, without line feed) go. Default: standard error. */
  readonly log?: LogSink | undefined;
  readonly clock?: Clock | undefined;
}

export interface RunningServer {
  /** The origin that clients use. */
  readonly url: string;
  /** What only the start that made it can tell. */
  readonly firstRun: { readonly adminToken?: string; readonly setupUrl?: string } | undefined;
  /** False while nobody may manage this deployment: start it once with `bootstrapAdmin`. */
  readonly hasAdministrator: boolean;
  /** Every changing route and the audit event that it declares. */
  readonly changingRoutes: readonly DeclaredRoute[];
  /** Stops accepting, lets requests in flight end (10 s at most), closes the stores. */
  close(): Promise<void>;
}

/** How long requests in flight may go on after a stop, in milliseconds. */
const GRACE_MS = 10_000;

/** How often running bodies are looked at, in milliseconds. */
const BODY_CHECK_MS = 5000;

const systemClock: Clock = { now: () => epochSeconds(Date.now() / 1000) };

/**
 * Starts the hub on one port and one data directory.
 *
 * @throws {ConfigError} for a setting that cannot work; it names the setting, what is wrong and an example.
 */
export async function startServer(options: StartServerOptions = {}): Promise<RunningServer> {
  const config = readConfig(options);
  // Bound before anything is opened: the port is part of the public URL, and a taken one must not touch the data.
  const listener = await bindListener(config.host, config.port);
  try {
    const data = openDataDirectory(config.dataDir);
    try {
      return await serve(config, options, listener, data);
    } catch (cause) {
      data[Symbol.dispose]();
      throw explainNewerDatabase(cause, config.dataDir);
    }
  } catch (cause) {
    await listener.close(0);
    throw cause;
  }
}

function readConfig(options: StartServerOptions): ServerConfig {
  const { configFile, environment = {}, log: _log, clock: _clock, ...flags } = options;
  const file = configFile ?? environment.POSTERN_CONFIG;
  const sources = [
    flags,
    settingsFromEnvironment(environment),
    file === undefined || file === "" ? {} : settingsFromFile(file),
  ];
  return parseServerConfig(mergeSettings(...sources));
}

async function serve(
  config: ServerConfig,
  options: StartServerOptions,
  listener: BoundListener,
  data: DataDirectory,
): Promise<RunningServer> {
  const clock = options.clock ?? systemClock;
  const url = config.publicUrl ?? listener.origin;
  const app = createApp(config, listener, options.log ?? ((line) => process.stderr.write(`${line}\n`)));
  limitAddressConnections(listener.server, {
    perAddress: config.connections.perAddress,
    trustedProxies: config.trustedProxies,
    onLimit: (source) => app.log.warn({ source }, "an address has as many connections as it may; more are refused"),
  });
  const unwatchBodies = watchBodyPace(listener.server, {
    graceMs: config.connections.bodyGraceSeconds * 1000,
    bytesPerSecond: config.connections.bodyBytesPerSecond,
    checkEveryMs: BODY_CHECK_MS,
  });
  const changingRoutes = requireDeclaredAudit(app);
  const authority = await wireAuthority(config, url, data, clock, app.log);
  const hub = await wireHub({
    ...authority,
    data,
    clock,
    log: app.log,
    lfsStorage: config.lfsStorage,
    garbage: config.garbage,
    publicUrl: url,
  });
  limitRequests(app, { gatekeeper: authority.gatekeeper, clock, settings: config.requestLimits });
  let closing = false;
  authority.registerRoutes(app, hub);
  hub.registerRoutes(app);
  registerHomePage(app, url);
  registerErrorPages(app);
  registerHealthRoutes(app, {
    checkReady: () => {
      if (closing) throw new Error("the server is stopping");
      authority.checkReady();
    },
    warnings: () => authority.warnings(),
  });
  await app.ready();
  listener.open();
  return {
    url,
    firstRun: authority.bootstrapToken === undefined ? undefined : { adminToken: authority.bootstrapToken },
    hasAdministrator: authority.hasAdministrator,
    changingRoutes,
    close: async () => {
      closing = true;
      await listener.close(GRACE_MS);
      unwatchBodies();
      await app.close();
      await hub.close();
      await authority.close();
      data[Symbol.dispose]();
    },
  };
}
