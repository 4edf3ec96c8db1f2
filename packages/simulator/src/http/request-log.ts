import type { EpochSeconds } from "@postern/core/time/epoch-seconds";
import type { SimulatedProviderId } from "../providers/simulated-providers.ts";

export type EndpointName = "discovery" | "jwks" | "foreign-jwks" | "token" | "control" | "other";

/** One request that reached the simulator. */
export interface LoggedRequest {
  readonly at: EpochSeconds;
  readonly method: string;
  /** Path and query, as they came. No header is kept, so no bearer is. */
  readonly path: string;
  readonly provider: SimulatedProviderId | undefined;
  readonly endpoint: EndpointName;
  /** Tells connections apart. */
  readonly remotePort: number;
}

const LONGEST = 10_000;

/** What was fetched from the simulator, oldest first; the newest 10 000 requests are kept. */
export class RequestLog {
  #entries: LoggedRequest[] = [];

  get entries(): readonly LoggedRequest[] {
    return [...this.#entries];
  }

  /** How many requests had every given property. */
  count(wanted: Partial<Pick<LoggedRequest, "provider" | "endpoint" | "method" | "path">> = {}): number {
    const { provider, endpoint, method, path } = wanted;
    return this.#entries.filter(
      (entry) =>
        (provider === undefined || entry.provider === provider) &&
        (endpoint === undefined || entry.endpoint === endpoint) &&
        (method === undefined || entry.method === method) &&
        (path === undefined || entry.path === path),
    ).length;
  }

  /** Over how many connections the kept requests came. */
  connections(): number {
    return new Set(this.#entries.map((entry) => entry.remotePort)).size;
  }

  clear(): void {
    this.#entries = [];
  }

  add(entry: LoggedRequest): void {
    this.#entries.push(entry);
    if (this.#entries.length > LONGEST) this.#entries.shift();
  }
}
