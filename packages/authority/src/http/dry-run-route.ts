import type { ClaimCheck } from "@postern/core/match/claim-check";
import type { FastifyInstance } from "fastify";
import { tooManyRequests } from "../limits/too-many-requests.ts";
import type { SwitchReader } from "../switches/switches.ts";
import { type DryRunDeps, type DryRunOutcome, dryRunExchange } from "../token-exchange/dry-run-exchange.ts";
import { exchangeRefusal } from "../token-exchange/exchange-refusal.ts";
import { refuseWhileSwitchedOff } from "../token-exchange/exchange-switch.ts";
import { parseTokenExchangeRequest, TOKEN_EXCHANGE_GRANT_TYPE } from "../token-exchange/token-exchange-request.ts";
import "./route-audit-config.ts";
import { isBodyTooLarge, refuseSecretsInQuery, withTextBodies } from "./text-body-scope.ts";
import { parseTokenParameters } from "./token-parameters.ts";

export interface DryRunRouteDeps extends DryRunDeps {
  readonly switches: SwitchReader;
}

/** Adds `POST /api/postern/v1/exchange/dry-run`: the exchange's own fields, its answer in advance, and no login. */
export function registerDryRunRoute(app: FastifyInstance, deps: DryRunRouteDeps): void {
  withTextBodies(app, (scope) => {
    scope.setErrorHandler(async (error: Error) => {
      throw isBodyTooLarge(error) ? exchangeRefusal("TP1101") : error;
    });
    scope.post(
      "/api/postern/v1/exchange/dry-run",
      { config: { audit: { none: "it spends no token and makes no grant" } } },
      async (request, reply) => {
        // Every run costs a signature check, so every run counts.
        const share = deps.limits.takeDryRun(request.ip);
        if (share.kind === "empty") throw tooManyRequests(share);
        refuseWhileSwitchedOff(deps.switches);
        refuseSecretsInQuery(request.query);
        const parameters = parseTokenParameters(request.headers["content-type"], request.body);
        const grantType = parameters.get("grant_type") ?? TOKEN_EXCHANGE_GRANT_TYPE;
        if (grantType !== TOKEN_EXCHANGE_GRANT_TYPE) throw exchangeRefusal("TP1009");
        const exchange = parseTokenExchangeRequest(parameters, request.headers.authorization, deps.audiences);
        const outcome = await dryRunExchange(exchange, request.ip, deps);
        reply.header("cache-control", "no-store").type("application/json; charset=utf-8");
        return reply.send(JSON.stringify({ ...serialise(outcome), request_id: request.id }));
      },
    );
  });
}

function serialise(outcome: DryRunOutcome): Readonly<Record<string, unknown>> {
  const checks = outcome.checks.map(serialiseCheck);
  switch (outcome.kind) {
    case "granted": {
      const { id, access } = outcome.publisher;
      return {
        granted: true,
        code: null,
        message:
          outcome.rename === undefined
            ? "An exchange would be granted."
            : "An exchange would be granted, and the publisher would take the project's new name.",
        ...(outcome.rename === undefined ? {} : { rename: outcome.rename.to }),
        checks,
        publisher: { id, access: outcome.publisher.target.kind === "user" ? "read" : access },
        would_expire_in: outcome.expiresInSeconds,
      };
    }
    case "refused": {
      const { exchangeCode, message, explanation } = outcome.refusal;
      return {
        granted: false,
        code: exchangeCode ?? null,
        message,
        checks,
        errors: explanation.map((line) => ({ message: line })),
        error_uri: `/errors/${exchangeCode}`,
      };
    }
  }
}

/** A claim that the token does not have is `null`. */
export function serialiseCheck({ claim, expected, got, ok }: ClaimCheck): Readonly<Record<string, unknown>> {
  return { claim, expected, got: got ?? null, ok };
}
