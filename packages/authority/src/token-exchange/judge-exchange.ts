import type { Resource } from "@postern/core/resource/resource";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { ExchangeLimits } from "../limits/exchange-limits.ts";
import type { PublisherStore } from "../publishers/publisher-store.ts";
import { type AskedTarget, targetOf } from "./asked-target.ts";
import { decideExchange, type ExchangeDecision } from "./decide-exchange.ts";
import type { RenamePolicy } from "./drifted-publishers.ts";
import { exchangeRefusal } from "./exchange-refusal.ts";
import type { ResourceDirectory } from "./resource-directory.ts";
import type { TokenExchangeRequest } from "./token-exchange-request.ts";
import { type VerificationDeps, type VerifiedSubjectToken, verifySubjectToken } from "./verify-subject-token.ts";

export interface JudgeDeps extends VerificationDeps {
  readonly publishers: Pick<PublisherStore, "matching">;
  readonly resources: ResourceDirectory;
  readonly limits: ExchangeLimits;
  readonly renames: RenamePolicy;
}

/** A subject token that earns a publisher's token, unless it was used before. */
export interface JudgedExchange {
  readonly subject: VerifiedSubjectToken;
  /** A user's name as it is stored, a repo's as it is called now. */
  readonly target: AskedTarget;
  readonly decision: Extract<ExchangeDecision, { readonly kind: "allow" }>;
}

/**
 * Verifies a subject token and finds the publisher that it earns; spends and stores nothing. The exchange and its dry run both ask
 * here, so that they cannot disagree.
 *
 * @throws {ExchangeRefusal} TP11xx to TP15xx from `verifySubjectToken`; TP1603; TP17xx to TP19xx from `decideExchange`.
 */
export async function judgeExchange(
  request: TokenExchangeRequest,
  sourceAddress: string | undefined,
  deps: JudgeDeps,
): Promise<JudgedExchange> {
  const askForUnknownKey = deps.limits.mayAskForUnknownKey(sourceAddress);
  const subject = await verifySubjectToken(request.subjectToken, deps, askForUnknownKey);
  const { issuer, replayKey, times } = subject;
  const { failures } = deps.limits;
  if (failures.exceeded(issuer.url, replayKey))
    throw exchangeRefusal("TP1603", { detail: { issuer: issuer.url, subject: subject.subject } });
  const held = deps.limits.floor.begin();
  const asked = await findTarget(request.resource, deps.resources);
  const publishers = await deps.publishers.matching(asked, issuer.url);
  const decision = decideExchange(subject, publishers, sourceAddress, deps.renames);
  if (decision.kind === "deny") {
    failures.add(issuer.url, replayKey, epochSeconds(Math.ceil(times.usableUntil)));
    await held.passed;
    throw decision.refusal;
  }
  held.cancel();
  const target = decision.publisher.target.kind === "user" ? decision.publisher.target : asked;
  return { subject, target, decision };
}

/** A missing repo gets a target that no publisher has, so that it takes the same path and the same time as any other. */
export async function findTarget(resource: Resource, resources: ResourceDirectory): Promise<AskedTarget> {
  if (resource.kind === "user") return { kind: "user", name: resource.name };
  const known = await resources.findRepo(resource.repo);
  if (known === undefined) return { kind: "repo", repoId: "", repo: resource.repo };
  return targetOf(known);
}
