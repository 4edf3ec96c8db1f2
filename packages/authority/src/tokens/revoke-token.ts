import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Clock } from "@postern/core/time/clock";
import { auditResourceOf } from "../token-exchange/audit-resource.ts";
import { findToken } from "./find-token.ts";
import type { TokenStore } from "./token-store.ts";

/** Where a revocation came from. */
export interface RevocationRequest {
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
  /** Which way it came, for the audit entry. */
  readonly via: "oauth" | "credentials";
}

/**
 * Revokes whatever kind of token `text` is; holding a token is all the authority that ending it needs (RFC 7009 §2.1, for public clients).
 *
 * Tells the caller nothing: whether the token was real stays between us and the audit log.
 *
 * @throws {ApiError} `audit_unavailable`; the token then still works.
 */
export async function revokeToken(
  text: string,
  request: RevocationRequest,
  deps: { readonly tokens: TokenStore; readonly clock: Clock },
): Promise<void> {
  const found = await findToken(text, deps.tokens);
  if (found === undefined) return;
  const now = deps.clock.now();
  if (found.kind === "grant") {
    const { tokenId, target } = found.grant;
    const event = revoked(tokenId, request, { target: auditResourceOf(target) });
    await deps.tokens.revokeGrant(tokenId, now, event);
  } else {
    const { id, user } = found.token;
    await deps.tokens.revokePersonal(id, now, revoked(id, request, { user }));
  }
}

function revoked(tokenId: string, request: RevocationRequest, detail: AuditEvent["detail"]): AuditEvent {
  return {
    event: "token.revoke",
    outcome: "allowed",
    actor: { kind: "anonymous", name: "holder of the token", tokenId },
    resource: `tokens/${tokenId}`,
    requestId: request.requestId,
    sourceAddress: request.sourceAddress,
    detail: { via: request.via, ...detail },
  };
}
