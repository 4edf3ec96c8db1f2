import { ApiError } from "@postern/core/error/api-error";
import { epochSeconds, toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import type { OwnerAdvice } from "../attempts/advise-owner.ts";
import type { AttemptCursor } from "../attempts/attempt-store.ts";
import { type AdvisedAttempt, type ListAttemptsDeps, listAttempts } from "../attempts/list-attempts.ts";
import { callerOf } from "./caller-of.ts";
import { PUBLISHER_TARGETS } from "./publisher-targets.ts";
import { countParameter, textParameter } from "./query-parameter.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

export interface AttemptsRoutesDeps extends ListAttemptsDeps {
  readonly identifier: Identifier;
}

/** Adds `GET …/attempts` of every kind of repo and of users: what was refused there, and why. */
export function registerAttemptsRoutes(app: FastifyInstance, deps: AttemptsRoutesDeps): void {
  for (const { path, resourceOf } of PUBLISHER_TARGETS) {
    app.get<{ Params: Record<string, string> }>(`${path}/attempts`, async (request) => {
      const caller = await callerOf(request, deps.identifier);
      const limit = Math.min(Math.max(1, countParameter(request.query, "limit") ?? DEFAULT_LIMIT), MAX_LIMIT);
      const after = parseCursor(textParameter(request.query, "after"));
      const page = await listAttempts(resourceOf(request.params), { after, limit }, caller, deps);
      return {
        attempts: page.attempts.map(serialise),
        next: page.next === undefined ? null : `${page.next.at}-${page.next.id}`,
      };
    });
  }
}

/** @throws {ApiError} `invalid_field`. */
function parseCursor(text: string | undefined): AttemptCursor | undefined {
  if (text === undefined) return undefined;
  const [, at, id] = /^(\d{1,12})-(\d{1,15})$/.exec(text) ?? [];
  if (at !== undefined && id !== undefined) return { at: epochSeconds(Number(at)), id: Number(id) };
  throw new ApiError("invalid_field", "The parameter after is no place in this list.", {
    remedy: "Send what next said, or leave it out.",
  });
}

function serialise(attempt: AdvisedAttempt): Readonly<Record<string, unknown>> {
  const { id, at, firstAt, code, message, provider, issuer, claims, checks, count, runUrl, publisherId } = attempt;
  return {
    id: String(id),
    at: toIsoTime(at),
    first_at: toIsoTime(firstAt),
    code,
    message,
    provider,
    issuer,
    claims,
    checks,
    run_url: runUrl ?? null,
    count,
    ...(publisherId === undefined ? {} : { publisher_id: publisherId }),
    ...(attempt.advice === undefined ? {} : { advice: serialiseAdvice(attempt.advice) }),
  };
}

function serialiseAdvice(advice: OwnerAdvice): Readonly<Record<string, unknown>> {
  if (advice.kind === "takeover") return advice;
  const { kind, provider, issuer, claims, replaces } = advice;
  return { kind, publisher: { provider, issuer, claims }, ...(replaces === undefined ? {} : { replaces }) };
}
