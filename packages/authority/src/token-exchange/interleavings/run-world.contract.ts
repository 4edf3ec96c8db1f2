import { strict as assert } from "node:assert";
import { parseResource, type Resource } from "@postern/core/resource/resource";
import type { IssuerKeyPair, LocalIssuer } from "../local-issuer.contract.ts";
import { ExchangeModel, type ModelGrant, type ModelIssuer, type ModelToken } from "./exchange-model.contract.ts";
import type { RestartableAuthority } from "./restartable-authority.contract.ts";
import { RunAudit } from "./run-audit.contract.ts";

/** One gives every token a use, the other gives a job's one token ten. */
export const PROVIDERS = ["custom", "gitlab"] as const;
export type RunProvider = (typeof PROVIDERS)[number];

export interface RunIssuer {
  readonly id: string;
  readonly url: string;
  readonly provider: RunProvider;
  /** All that it ever had, oldest first. */
  readonly keys: IssuerKeyPair[];
  lastJti: string;
}

/** A subject token: what the model knows of it, and its text with a signature of its own each time. */
export interface RunToken {
  readonly model: ModelToken;
  sign(): string;
}

/** A token that an exchange made. */
export interface RunGrant {
  readonly model: ModelGrant;
  readonly text: string;
  readonly tokenId: string;
}

let serial = 0;

/** A number that no run of this process had before. */
export function nextSerial(): number {
  serial += 1;
  return serial;
}

/** The two sides of one run, the authority and the model, and what the run made of each so far. Names are its own. */
export class RunWorld {
  readonly authority: RestartableAuthority;
  /** Where issuers show their keys; without it keys are uploaded. */
  readonly http: LocalIssuer | undefined;
  readonly model: ExchangeModel;
  readonly audit: RunAudit;
  readonly name: string;
  /** By the number that steps call a target: two repos, a user, a repo that does not exist. */
  readonly resourceNames: readonly string[];
  readonly issuers: RunIssuer[] = [];
  readonly tokens: RunToken[] = [];
  readonly grants: RunGrant[] = [];
  readonly #seen: Map<string, number>;

  /** @param seen - Counts what came about. */
  constructor(authority: RestartableAuthority, http: LocalIssuer | undefined, seen: Map<string, number>) {
    this.authority = authority;
    this.http = http;
    this.model = new ExchangeModel(http !== undefined);
    this.audit = new RunAudit(authority);
    this.name = `run-${nextSerial()}`;
    this.resourceNames = [`acme/${this.name}-a`, `acme/${this.name}-b`, "root", `acme/${this.name}-missing`];
    this.#seen = seen;
  }

  get now(): number {
    return this.authority.clock.time;
  }

  issuer(index: number): RunIssuer {
    const issuer = this.issuers[index];
    assert.ok(issuer !== undefined);
    return issuer;
  }

  modelIssuer(index: number): ModelIssuer {
    const issuer = this.model.issuers[index];
    assert.ok(issuer !== undefined);
    return issuer;
  }

  resource(target: number): Resource {
    const resource = parseResource(this.resourceNames[target] ?? "");
    assert.ok(resource !== undefined);
    return resource;
  }

  count(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }
}

/** What there is at a number, whatever the number; `undefined` only of an empty list. */
export function pick<T>(list: readonly T[], choice: number): T | undefined {
  return list[choice % Math.max(1, list.length)];
}
