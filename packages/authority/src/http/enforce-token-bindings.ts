import type { AuditValue } from "@postern/core/audit/audit-event";
import { HubError } from "@postern/core/error/hub-error";
import { fitsPin } from "@postern/core/publisher/address-pin";
import type { Clock } from "@postern/core/time/clock";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { tokenInAuthorization } from "../accounts/authorization-header.ts";
import type { Identifier } from "../accounts/identify.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { ProofReplay } from "../dpop/proof-replay.ts";
import { verifyDpopProof } from "../dpop/verify-dpop-proof.ts";
import { auditResourceOf } from "../token-exchange/audit-resource.ts";
import { type FindLiveGrantDeps, findLiveGrant } from "../tokens/find-live-grant.ts";
import type { StoredGrant } from "../tokens/token-store.ts";

export interface TokenBindingDeps extends FindLiveGrantDeps {
  readonly identifier: Identifier;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Origins that mean this deployment. Not the Host header: whoever relays a proof chooses that. */
  readonly audiences: ReadonlySet<string>;
}

/**
 * Refuses an exchanged token that is shown from another address than its pin, or without a fresh proof of the key that it is bound to
 * (RFC 9449 §7). To be called before the routes are added: one hook for all of them, so that no route can forget it.
 *
 * Each refusal of a living token is written down as `token.use`, because it is what a theft looks like.
 *
 * @throws {HubError} 403 `WrongAddress`; 401 `InvalidCredentials` with `WWW-Authenticate: DPoP`; 503 `Unavailable`. @throws {ApiError} `audit_unavailable`.
 */
export function enforceTokenBindings(app: FastifyInstance, deps: TokenBindingDeps): void {
  const replay = new ProofReplay(deps.clock);
  app.addHook("onRequest", async (request) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return;
    const token = tokenInAuthorization(authorization);
    const grant = token === undefined ? undefined : await findLiveGrant(token, deps);
    const hasDpopScheme = /^dpop /i.test(authorization);
    if (token === undefined || grant === undefined) {
      // Whoever is nobody is told so; a personal token is somebody's and needs no proof, so it may not pretend to have one.
      if (!hasDpopScheme) return;
      await deps.identifier.identify(authorization);
      throw proofRefused(NOT_BOUND);
    }
    if (grant.pinnedAddress !== undefined && !fitsPin(request.ip, grant.pinnedAddress)) {
      await recordMisuse(request, grant, { code: "WrongAddress", pinned_address: grant.pinnedAddress }, deps);
      throw wrongAddress(request.ip);
    }
    const fault = hasDpopScheme ? faultOfProof(request, token, grant, replay, deps) : faultOfBearer(grant);
    if (fault === undefined) return;
    await recordMisuse(request, grant, { code: "InvalidProof", reason: fault }, deps);
    throw proofRefused(fault);
  });
}

const NOT_BOUND = "the token is not bound to a key; send it as Bearer";

function faultOfBearer({ boundTo }: StoredGrant): string | undefined {
  return boundTo === undefined ? undefined : "the token is bound to a key; send it with the scheme DPoP and a proof";
}

function faultOfProof(
  request: FastifyRequest,
  token: string,
  { boundTo }: StoredGrant,
  replay: ProofReplay,
  deps: TokenBindingDeps,
): string | undefined {
  if (boundTo === undefined) return NOT_BOUND;
  const { dpop } = request.headers;
  if (typeof dpop !== "string") return "there is not exactly one";
  const path = request.url.split("?", 1)[0] ?? "";
  const verdict = verifyDpopProof(dpop, {
    method: request.method,
    urls: [...deps.audiences].map((origin) => `${origin}${path}`),
    now: deps.clock.now(),
    accessToken: token,
  });
  if (verdict.kind === "invalid") return verdict.reason;
  if (verdict.thumbprint !== boundTo) return "its key is another than the token's";
  const use = replay.claim(verdict);
  if (use === "full")
    throw new HubError(503, "Unavailable", "This server cannot take more proofs at the moment. Try again in a while.", {
      headers: { "retry-after": "10" },
    });
  switch (use) {
    case "new":
      return undefined;
    case "used":
      return "it was used before";
    case "forgotten":
      return "it is as old as proofs that this server has forgotten, because its clock was set back";
  }
}

function recordMisuse(
  request: FastifyRequest,
  { tokenId, target, origin }: StoredGrant,
  detail: Readonly<Record<string, AuditValue>>,
  { audit }: TokenBindingDeps,
): Promise<void> {
  return audit.record({
    event: "token.use",
    outcome: "denied",
    actor: { kind: "workload", name: `${origin.issuer} ${origin.subject}`, tokenId },
    resource: auditResourceOf(target),
    requestId: request.id,
    sourceAddress: request.ip,
    detail: { ...detail, method: request.method },
  });
}

/** Says where the request came from and not where the token belongs: whoever stole it must not learn that. */
function wrongAddress(address: string): HubError {
  const message = `This token works only from the address that it was made for, and this request came from ${address}.`;
  // git-lfs shows `message`; the rest read `error` and X-Error-Message.
  return new HubError(403, "WrongAddress", message, { body: { message } });
}

function proofRefused(reason: string): HubError {
  return new HubError(401, "InvalidCredentials", `The DPoP proof is not acceptable: ${reason}.`, {
    headers: { "www-authenticate": 'DPoP error="invalid_dpop_proof", algs="ES256"' },
  });
}
