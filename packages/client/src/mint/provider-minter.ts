import type { Environment } from "../environment/environment.ts";
import type { CallLimits } from "../http/call-limits.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where an id token for one audience comes from in this job. */
export interface IdTokenSource {
  /** Differs when the job's identity differs: part of the cache's key. Secret, so it is never printed. */
  readonly identity: string;
  /** Whether a new id token can be had once this one is spent or expired. */
  readonly renewable: boolean;
  /** @throws {OidcError} with advice that fits the provider. */
  obtain(runtime: Runtime, limits: CallLimits): Promise<string>;
}

/** One CI provider: how to recognise its jobs, and how such a job gets an id token. One file each. */
export interface ProviderMinter {
  /** As in `getOidcToken({ provider })` and in the CLI. */
  readonly id: string;
  /** For messages: `GitHub Actions`. */
  readonly title: string;
  detects(environment: Environment): boolean;
  /** @throws {OidcError} when the environment alone shows that no id token can be had. */
  source(environment: Environment, audience: string): IdTokenSource;
}
