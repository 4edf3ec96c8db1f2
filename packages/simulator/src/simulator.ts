import type { KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import { type IssuerUrl, parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import type { Clock } from "@postern/core/time/clock";
import { systemClock } from "./adapters/system-clock.ts";
import type { Fault } from "./fault/fault.ts";
import { requestListener } from "./http/request-listener.ts";
import { RequestLog } from "./http/request-log.ts";
import { SimulatedIssuer, type TokenRequest } from "./issuer/simulated-issuer.ts";
import { type JobEnvironment, type JobOptions, jobEnvironment } from "./job/job-environment.ts";
import { PROVIDERS, type SimulatedProviderId } from "./providers/simulated-providers.ts";

export interface SimulatorOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Default 127.0.0.1: whoever reaches the simulator can have any token it signs. */
  readonly host?: string;
  readonly clock?: Clock;
  /** Private keys (RSA; P-384 for AWS) to sign with at first; a key is made on first use where none is given. */
  readonly signingKeys?: Readonly<Partial<Record<SimulatedProviderId, KeyObject>>>;
}

/** Local issuers of all simulated providers behind one port. */
export interface Simulator extends AsyncDisposable {
  readonly origin: string;
  readonly requestLog: RequestLog;
  issuerUrl(provider: SimulatedProviderId): IssuerUrl;
  /** A signed token, as a job of the provider gets it. */
  issueToken(provider: SimulatedProviderId, request?: TokenRequest): Promise<string>;
  /** What a job sees; dispose of it when the job has ended. */
  jobEnvironment(provider: SimulatedProviderId, options: JobOptions): Promise<JobEnvironment>;
  /** Replaces the provider's faults; `[]` mends everything but a rotated key. */
  setFaults(provider: SimulatedProviderId, faults: readonly Fault[]): Promise<void>;
  faults(provider: SimulatedProviderId): readonly Fault[];
  /** Signs with a new key from now on; the old one leaves the JWKS unless `keepOld`. */
  rotateKeys(provider: SimulatedProviderId, options?: { readonly keepOld?: boolean }): Promise<void>;
  /** Ends open connections at once, slow and endless answers included. */
  close(): Promise<void>;
}

/** Starts the issuers. @throws The listener's own error (`EADDRINUSE`) when the port cannot be had. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = options.clock ?? systemClock;
  const host = options.host ?? "127.0.0.1";
  const server = createServer();
  const origin = `http://${host.includes(":") ? `[${host}]` : host}:${await listen(server, options.port ?? 0, host)}`;
  const issuers = new Map<SimulatedProviderId, SimulatedIssuer>();
  const issuerOf = (provider: SimulatedProviderId): SimulatedIssuer => {
    const url = issuerUrl(origin, provider);
    const issuer =
      issuers.get(provider) ?? new SimulatedIssuer(url, PROVIDERS[provider], clock, options.signingKeys?.[provider]);
    issuers.set(provider, issuer);
    return issuer;
  };
  const requestLog = new RequestLog();
  server.on("request", requestListener({ issuerOf, log: requestLog, clock }));
  const close = (): Promise<void> => closeServer(server);
  return {
    origin,
    requestLog,
    issuerUrl: (provider) => issuerOf(provider).url,
    issueToken: (provider, request = {}) => issuerOf(provider).issue(request),
    jobEnvironment: (provider, jobOptions) => jobEnvironment(issuerOf(provider), jobOptions),
    setFaults: (provider, faults) => issuerOf(provider).setFaults(faults),
    faults: (provider) => issuerOf(provider).faults,
    rotateKeys: (provider, { keepOld = false } = {}) => issuerOf(provider).keys.rotate(keepOld),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function issuerUrl(origin: string, provider: SimulatedProviderId): IssuerUrl {
  const url = parseIssuerUrl(`${origin}/${provider}`);
  if (url === undefined) throw new RangeError(`"${origin}" cannot be part of an issuer URL`);
  return url;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", reject);
  server.listen(port, host, () => {
    server.off("error", reject);
    const address = server.address();
    resolve(typeof address === "object" && address !== null ? address.port : port);
  });
  return promise;
}

function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Also called for a server that is closed already.
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}
