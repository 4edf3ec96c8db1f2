import { hash } from "node:crypto";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { ApiError } from "@postern/core/error/api-error";
import type { OAuthError } from "@postern/core/error/oauth-error";
import { jobSourceOf } from "@postern/core/provider/job-source";
import { pinOfAddress } from "@postern/core/publisher/address-pin";
import type { Publisher, PublisherTarget } from "@postern/core/publisher/publisher";
import { addSeconds, type EpochSeconds, toIsoTime } from "@postern/core/time/epoch-seconds";
import { tooManyRequests } from "../limits/too-many-requests.ts";
import type { MintedToken, TokenMint } from "../tokens/token-mint.ts";
import { auditResourceOf } from "./audit-resource.ts";
import { claimsBefore, listClaims } from "./changed-claims.ts";
import { type ExchangeDecision, evidenceOf } from "./decide-exchange.ts";
import { claimsAfter } from "./drifted-publishers.ts";
import { auditUnavailable, exchangeRefusal } from "./exchange-refusal.ts";
import type { IssueOutcome, NewGrant, PublisherRename, SubjectTokenUse } from "./grant-ledger.ts";
import { type FirstGrantDeps, issueFirstGrant } from "./issue-first-grant.ts";
import { type JudgeDeps, judgeExchange } from "./judge-exchange.ts";
import { replayDeadline } from "./replay-key.ts";
import type { TokenExchangeRequest } from "./token-exchange-request.ts";
import type { VerifiedSubjectToken } from "./verify-subject-token.ts";

type AllowDecision = Extract<ExchangeDecision, { readonly kind: "allow" }>;

/** Longest life of an exchanged token, in seconds, whatever its publisher says. */
const MAX_TOKEN_LIFE_SECONDS = 3600;

export interface ExchangeDeps extends JudgeDeps, FirstGrantDeps {
  readonly mint: TokenMint;
}

/** Who is calling, for the audit entry. */
export interface ExchangeOrigin {
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
}

export interface IssuedToken {
  /** The bearer token; readable only here, storage keeps its digest. */
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  /** Whether every request with it must prove a key (RFC 9449). */
  readonly isBound: boolean;
}

/**
 * Trades a subject token for an access token to one resource (RFC 8693 §2.1).
 *
 * @param request - Well-formed, but nothing in it is verified yet.
 * @param boundTo - Thumbprint of the key that the caller proved.
 * @throws {OAuthError} `invalid_grant` when the subject token is refused or may not reach the resource; `temporarily_unavailable` when
 *   the issuer's keys cannot be fetched. RFC 8693 §2.2.2 would split the first; the Hub's documented contract does not.
 */
export async function exchangeSubjectToken(
  request: TokenExchangeRequest,
  origin: ExchangeOrigin,
  deps: ExchangeDeps,
  boundTo?: string,
): Promise<IssuedToken> {
  // Of exchanges that would rename a publisher at the same moment one does; the others are judged anew by what it is called then.
  const first = await exchangeOnce(request, origin, deps, boundTo);
  const last = first.kind === "publisher-changed" ? await exchangeOnce(request, origin, deps, boundTo) : first;
  switch (last.kind) {
    case "issued":
      return last.token;
    case "publisher-changed":
      throw last.refusal;
  }
}

type OneExchange =
  | { readonly kind: "issued"; readonly token: IssuedToken }
  | { readonly kind: "publisher-changed"; readonly refusal: OAuthError };

async function exchangeOnce(
  request: TokenExchangeRequest,
  origin: ExchangeOrigin,
  deps: ExchangeDeps,
  boundTo: string | undefined,
): Promise<OneExchange> {
  const { subject, target, decision } = await judgeExchange(request, origin.sourceAddress, deps);
  const { publisher } = decision;
  const share = deps.limits.takeGrant(publisher.id);
  if (share.kind === "empty") throw tooManyRequests(share);
  const issuedAt = deps.clock.now();
  const expiresAt = addSeconds(issuedAt, lifeOf(publisher));
  const access = target.kind === "user" ? "read" : publisher.access;
  const minted = deps.mint.mint({ target, access, publisherId: publisher.id, boundTo, issuedAt, expiresAt });
  const pinnedAddress = publisher.pinAddress === true ? pinOfAddress(origin.sourceAddress) : undefined;
  const binding = { boundTo, pinnedAddress };
  const unnamed = grantOf({ subject, publisher, target, access, minted, issuedAt, expiresAt, binding });
  const rename = renameOf(decision, auditOf(request, origin, subject, unnamed, decision));
  const grant: NewGrant = rename === undefined ? unnamed : { ...unnamed, rename };

  // Spending the token, storing the grant and writing it down succeed or fail together.
  const outcome = await issue(
    deps,
    "held" in target,
    useOf(subject),
    grant,
    auditOf(request, origin, subject, grant, decision),
  );
  switch (outcome.kind) {
    case "issued":
      return {
        kind: "issued",
        token: {
          accessToken: minted.text,
          expiresInSeconds: expiresAt - issuedAt,
          isBound: boundTo !== undefined,
        },
      };
    case "replayed":
    case "maybe-replayed":
      throw spentRefusal(subject, decision, outcome);
    case "publisher-gone":
      throw goneRefusal(subject, decision);
    case "publisher-changed":
      return { kind: "publisher-changed", refusal: goneRefusal(subject, decision) };
    case "name-taken":
      throw exchangeRefusal("TP1805", {
        sentence: "Another publisher, which is switched off or frozen, has the new name already.",
        detail: { issuer: subject.issuer.url, subject: subject.subject, publisher_id: publisher.id },
        evidence: evidenceOf(subject, decision),
      });
  }
}

function goneRefusal(subject: VerifiedSubjectToken, decision: AllowDecision): OAuthError {
  return exchangeRefusal("TP1904", {
    detail: { issuer: subject.issuer.url, subject: subject.subject },
    evidence: evidenceOf(subject, decision),
  });
}

/** @param grant - The entry of the grant, which names job, request and resource. */
function renameOf({ publisher, rename }: AllowDecision, grant: AuditEvent): PublisherRename | undefined {
  if (rename === undefined) return undefined;
  const from = claimsBefore(publisher, rename);
  const detail = {
    publisher_id: publisher.id,
    from: listClaims(from),
    to: listClaims(rename.to),
    jti: grant.detail.jti ?? null,
    run_url: grant.detail.run_url ?? null,
  };
  return {
    before: publisher.claims,
    after: claimsAfter(publisher, rename),
    from,
    audit: { ...grant, event: "publisher.renamed", detail },
  };
}

/** How long a publisher's token lives, in seconds. */
export function lifeOf({ ttlSeconds }: Publisher): number {
  return Math.min(ttlSeconds, MAX_TOKEN_LIFE_SECONDS);
}

async function issue(
  deps: FirstGrantDeps,
  held: boolean,
  use: SubjectTokenUse,
  grant: NewGrant,
  audit: AuditEvent,
): Promise<IssueOutcome> {
  try {
    return held ? await issueFirstGrant(use, grant, audit, deps) : await deps.ledger.issue(use, grant, audit);
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === "audit_unavailable") throw auditUnavailable(cause);
    throw cause;
  }
}

/** How the replay store knows this token. */
export function useOf({ issuer, replayKey, times, preset, hasJti }: VerifiedSubjectToken): SubjectTokenUse {
  return {
    issuer: issuer.url,
    replayKey,
    retainUntil: replayDeadline(times),
    mode: hasJti ? preset.replay.withJti : preset.replay.withoutJti,
  };
}

function grantOf(parts: {
  readonly subject: VerifiedSubjectToken;
  readonly publisher: Publisher;
  readonly target: PublisherTarget;
  readonly access: "read" | "write";
  readonly minted: MintedToken;
  readonly issuedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly binding: Pick<NewGrant, "boundTo" | "pinnedAddress">;
}): NewGrant {
  const { subject, publisher, target, access, minted, issuedAt, expiresAt, binding } = parts;
  return {
    tokenId: minted.tokenId,
    kind: target.kind,
    tokenDigest: minted.digest,
    publisherId: publisher.id,
    target,
    access,
    issuedAt,
    expiresAt,
    ...binding,
    origin: {
      issuer: subject.issuer.url,
      subject: subject.subject,
      provider: subject.issuer.provider,
      publisherId: publisher.id,
      runUrl: subject.preset.runUrl(subject.claims, subject.issuer.url),
      source: jobSourceOf(subject.preset.source, subject.claims),
    },
  };
}

function auditOf(
  request: TokenExchangeRequest,
  { requestId, sourceAddress }: ExchangeOrigin,
  subject: VerifiedSubjectToken,
  grant: NewGrant,
  { checks, alsoMatched }: AllowDecision,
): AuditEvent {
  const { issuer, provider, runUrl } = grant.origin;
  return {
    event: "token.exchange",
    outcome: "allowed",
    actor: { kind: "workload", name: `${issuer} ${subject.subject}`, tokenId: undefined },
    resource: auditResourceOf(request.resource),
    requestId,
    sourceAddress,
    detail: {
      jti: grant.tokenId,
      publisher_id: grant.publisherId,
      // The most specific publisher won; over whom is part of the record.
      matched_claims: checks.length,
      ...(alsoMatched.length === 0 ? {} : { also_matched: alsoMatched }),
      provider,
      issuer,
      subject: subject.subject,
      access: grant.access,
      expires_at: toIsoTime(grant.expiresAt),
      ...(grant.boundTo === undefined ? {} : { bound_to: grant.boundTo }),
      ...(grant.pinnedAddress === undefined ? {} : { pinned_address: grant.pinnedAddress }),
      run_url: runUrl ?? null,
      commit_url: subject.preset.commitUrl(subject.claims, issuer) ?? null,
      // Whoever else was sent this token could bring it here too.
      ...(Array.isArray(subject.claims.aud) && subject.claims.aud.length > 1
        ? { audiences: subject.claims.aud.filter((text) => typeof text === "string") }
        : {}),
      subject_token_sha256: hash("sha256", request.subjectToken, "hex"),
    },
  };
}

/** The refusal of a token that was used before, or may have been, by the exchange and by its dry run. */
export function spentRefusal(
  token: VerifiedSubjectToken,
  decision: AllowDecision,
  outcome: Extract<IssueOutcome, { readonly kind: "replayed" | "maybe-replayed" }>,
): OAuthError {
  const { preset, hasJti, issuer, subject } = token;
  const proved = { detail: { issuer: issuer.url, subject }, evidence: evidenceOf(token, decision) };
  if (outcome.kind === "maybe-replayed") return exchangeRefusal("TP1604", proved);
  const mode = hasJti ? preset.replay.withJti : preset.replay.withoutJti;
  return exchangeRefusal(mode.kind === "bounded" ? "TP1602" : "TP1601", {
    sentence: `First use: ${toIsoTime(outcome.firstUsedAt)}.`,
    ...proved,
  });
}
