import { createHash } from "node:crypto";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { type IssuerUrl, parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import type { Publisher } from "@postern/core/publisher/publisher";
import { type AccountName, parseAccountName } from "@postern/core/resource/account-name";
import { parseRepoRef } from "@postern/core/resource/repo-ref";
import { addSeconds, type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import type { AccountStore } from "../accounts/account-store.ts";
import type { NewAttempt } from "../attempts/attempt.ts";
import type { AttemptStore } from "../attempts/attempt-store.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { AuditReader } from "../audit/audit-reader.ts";
import type { IssuerStore } from "../issuers/issuer-store.ts";
import type { PublisherStore } from "../publishers/publisher-store.ts";
import type { GrantLedger, NewGrant, SubjectTokenUse } from "../token-exchange/grant-ledger.ts";
import type { TokenStore } from "../tokens/token-store.ts";

/** Every store of one backend, opened on the same empty storage. */
export interface OpenedStores {
  readonly ledger: GrantLedger;
  readonly publishers: PublisherStore;
  readonly issuers: IssuerStore;
  readonly accounts: AccountStore;
  readonly tokens: TokenStore;
  readonly attempts: AttemptStore;
  readonly audit: AuditLog & AuditReader;
  close(): Promise<void>;
}

/** Opens a backend whose clock stands at `NOW`. */
export type OpenStores = () => Promise<OpenedStores>;

export const NOW: EpochSeconds = epochSeconds(1_795_000_000);
export const GITHUB: IssuerUrl = issuerUrl("https://token.actions.githubusercontent.com");

export function issuerUrl(text: string): IssuerUrl {
  const url = parseIssuerUrl(text);
  if (url === undefined) throw new Error(`no issuer: ${text}`);
  return url;
}

export function accountName(text: string): AccountName {
  const name = parseAccountName(text);
  if (name === undefined) throw new Error(`no account name: ${text}`);
  return name;
}

export function eventNamed(event: string): AuditEvent {
  return {
    event,
    outcome: "allowed",
    actor: { kind: "user", name: "ada", tokenId: "token-1" },
    resource: "models/acme/train",
    requestId: "r-1",
    sourceAddress: "127.0.0.1",
    detail: { publisher: "p-1" },
  };
}

export function publisher(id: string, repoId = "repo-1"): Publisher {
  const repo = parseRepoRef("model", "acme", "train");
  if (repo === undefined) throw new Error("no repo");
  return {
    id,
    target: { kind: "repo", repoId, repo },
    provider: "github",
    issuer: GITHUB,
    claims: { repository_id: "1", branch: "main" },
    access: "write",
    ttlSeconds: 3600,
    sourceAddresses: [],
    enabled: true,
    createdAt: NOW,
    createdBy: "ada",
    lastUsedAt: undefined,
  };
}

export function use(): SubjectTokenUse {
  return { issuer: GITHUB, replayKey: "jti-1", retainUntil: addSeconds(NOW, 400), mode: { kind: "single-use" } };
}

export function grant(tokenId: string): NewGrant {
  return {
    tokenId,
    kind: "repo",
    tokenDigest: createHash("sha256").update(tokenId).digest(),
    publisherId: "p-1",
    target: publisher("p-1").target,
    access: "write",
    issuedAt: NOW,
    expiresAt: addSeconds(NOW, 3600),
    origin: {
      issuer: GITHUB,
      subject: "repo:acme/train:ref:refs/heads/main",
      provider: "github",
      publisherId: "p-1",
      runUrl: "https://github.com/acme/train/actions/runs/1",
      source: { repository: "acme/train", repositoryId: "456789" },
    },
  };
}

/** A refused job of the publisher `p-1`. */
export function attempt(sameAs: string, changes: Partial<NewAttempt> = {}): NewAttempt {
  return {
    target: publisher("p-1").target,
    sameAs,
    provider: "github",
    issuer: GITHUB,
    code: "TP1803",
    message: "The branch differs.",
    claims: { repository_id: "1", branch: "dev", is_reusable: false },
    checks: [{ claim: "branch", expected: "main", got: "dev", ok: false }],
    publisherId: "p-1",
    runUrl: undefined,
    at: NOW,
    ...changes,
  };
}
