import { parsePort } from "../../argument/port-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { untilStopped } from "../../context/until-stopped.ts";
import { describeListenFailure } from "../../failure/listen-failure.ts";
import { loadServer } from "../../optional/load-server.ts";

export interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly config?: string;
  readonly publicUrl?: string;
  readonly bootstrapAdmin?: string;
  readonly allowIssuerOrigin?: readonly string[];
  readonly trustedProxy?: readonly string[];
  readonly allowInsecurePublicBind?: boolean;
  readonly acceptAuditRollback?: boolean;
  readonly json?: boolean;
}

/** Runs the server until the first signal, then lets requests in flight finish. */
export async function serve(context: CliContext, options: ServeOptions): Promise<void> {
  const { terminal } = context;
  const port = options.port === undefined ? undefined : parsePort(options.port);
  const { startServer } = await loadServer("Running the hub");
  const server = await startServer({
    port,
    host: options.host,
    dataDir: options.data,
    configFile: options.config,
    publicUrl: options.publicUrl,
    bootstrapAdmin: options.bootstrapAdmin,
    allowIssuerOrigins: options.allowIssuerOrigin,
    trustedProxies: options.trustedProxy,
    allowInsecurePublicBind: options.allowInsecurePublicBind,
    acceptAuditRollback: options.acceptAuditRollback,
    environment: context.env,
  }).catch((error: unknown) => {
    throw describeListenFailure(error, port);
  });
  const { firstRun } = server;
  if (options.json === true) {
    terminal.json({
      url: server.url,
      ...(firstRun?.adminToken === undefined ? {} : { admin_token: firstRun.adminToken }),
      ...(firstRun?.setupUrl === undefined ? {} : { setup_url: firstRun.setupUrl }),
    });
  } else {
    terminal.out(`Postern is listening at ${terminal.style("bold", server.url)}`);
    if (firstRun?.adminToken !== undefined) {
      terminal.out(`Administrator's token, shown this once: ${firstRun.adminToken}`);
      terminal.note(`Try it: HF_ENDPOINT=${server.url} HF_TOKEN=… postern auth whoami`);
    }
    if (!server.hasAdministrator)
      terminal.note("Nobody administers this hub yet: stop it and start it once with --bootstrap-admin NAME.");
    if (firstRun?.setupUrl !== undefined) terminal.out(`To set up in a browser, once: ${firstRun.setupUrl}`);
    terminal.note("Ctrl+C stops it.");
  }
  await untilStopped(context.signal);
  terminal.note("Stopping: requests in flight may finish. Ctrl+C again stops at once.");
  await server.close();
}
