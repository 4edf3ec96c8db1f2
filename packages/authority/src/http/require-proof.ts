import { HubError } from "@postern/core/error/hub-error";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { tokenInAuthorization } from "../accounts/authorization-header.ts";
import type { Identifier } from "../accounts/identify.ts";
import { ProofReplay } from "../dpop/proof-replay.ts";
import { unverifiedBinding } from "../dpop/token-binding.ts";
import { verifyDpopProof } from "../dpop/verify-dpop-proof.ts";

export interface ProofDeps {
  readonly identifier: Identifier;
  readonly clock: Clock;
  /** Origins that mean this deployment. Not the Host header: whoever relays a proof chooses that. */
  readonly audiences: ReadonlySet<string>;
}

/**
 * Refuses a token that is bound to a key on every request that does not prove the key (RFC 9449 §7). To be called before the routes are
 * added: one hook for all of them, so that no route can forget it. Bearer tokens pass untouched.
 *
 * @throws {HubError} 401 `InvalidCredentials` with `WWW-Authenticate: DPoP`.
 */
export function requireProofOfPossession(app: FastifyInstance, deps: ProofDeps): void {
  const replay = new ProofReplay(deps.clock);
  app.addHook("onRequest", async (request) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return;
    const token = tokenInAuthorization(authorization);
    const binding = token === undefined ? undefined : unverifiedBinding(token);
    const scheme = /^dpop /i.test(authorization);
    if (binding === undefined) {
      if (scheme) throw proofRefused("the token is not bound to a key; send it as Bearer");
      return;
    }
    if (!scheme) throw proofRefused("the token is bound to a key; send it with the scheme DPoP and a proof");
    // A token that is none must not fill the memory of proofs.
    await deps.identifier.identify(authorization);
    prove(request, token ?? "", binding, replay, deps);
  });
}

function prove(request: FastifyRequest, token: string, binding: string, replay: ProofReplay, deps: ProofDeps): void {
  const { dpop } = request.headers;
  if (typeof dpop !== "string") throw proofRefused("there is not exactly one");
  const path = request.url.split("?", 1)[0] ?? "";
  const verdict = verifyDpopProof(dpop, {
    method: request.method,
    urls: [...deps.audiences].map((origin) => `${origin}${path}`),
    now: deps.clock.now(),
    accessToken: token,
  });
  if (verdict.kind === "invalid") throw proofRefused(verdict.reason);
  if (verdict.thumbprint !== binding) throw proofRefused("its key is another than the token's");
  if (!replay.claim(verdict.thumbprint, verdict.jti)) throw proofRefused("it was used before");
}

function proofRefused(reason: string): HubError {
  return new HubError(401, "InvalidCredentials", `The DPoP proof is not acceptable: ${reason}.`, {
    headers: { "www-authenticate": 'DPoP error="invalid_dpop_proof", algs="ES256"' },
  });
}
