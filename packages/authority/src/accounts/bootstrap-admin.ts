import type { AuditEvent } from "@postern/core/audit/audit-event";
import { ApiError } from "@postern/core/error/api-error";
import { type AccountName, parseAccountName } from "@postern/core/resource/account-name";
import type { Clock } from "@postern/core/time/clock";
import { isPersonalTokenText, newPersonalTokenText } from "../tokens/personal-token-text.ts";
import type { RandomBytes } from "../tokens/random-bytes.ts";
import { digestOfToken } from "../tokens/token-digest.ts";
import { timeOrderedId } from "../tokens/token-id.ts";
import type { TokenStore } from "../tokens/token-store.ts";
import type { AccountStore } from "./account-store.ts";

export interface BootstrapDeps {
  readonly accounts: AccountStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

export type BootstrapOutcome =
  /** `token` is shown once and stored nowhere. */
  | { readonly kind: "created"; readonly name: AccountName; readonly token: string }
  /** There was an administrator already; nothing changed. */
  | { readonly kind: "exists" };

/**
 * Makes the first administrator with a write token, once: a second start with the same arguments changes nothing.
 *
 * @param token - A token that the operator brings along (unattended installs); left out, one is made.
 * @throws {ApiError} `invalid_field` for a name or token that breaks its grammar, `conflict` when the name belongs to somebody else.
 */
export async function bootstrapAdmin(
  name: string,
  token: string | undefined,
  deps: BootstrapDeps,
): Promise<BootstrapOutcome> {
  const admin = requireName(name);
  const text = requireToken(token) ?? newPersonalTokenText(deps.randomBytes);
  if (!(await ensureAdmin(admin, deps))) return { kind: "exists" };

  // A crash between the two steps leaves an administrator without a token: the next start makes up for it here.
  if ((await deps.tokens.listPersonal(admin)).length > 0) return { kind: "exists" };
  const now = deps.clock.now();
  const id = timeOrderedId(now, deps.randomBytes(16));
  const added = await deps.tokens.addPersonal(
    { id, user: admin, name: "bootstrap", role: "write", digest: digestOfToken(text), createdAt: now },
    systemEvent("token.create", `users/${admin}`, { token_id: id, role: "write" }),
  );
  if (added !== "added") throw new ApiError("conflict", "The given administrator token is in use already.");
  return { kind: "created", name: admin, token: text };
}

/** @returns false when somebody else administers this deployment already. */
async function ensureAdmin(name: AccountName, { accounts, clock }: BootstrapDeps): Promise<boolean> {
  const existing = await accounts.find(name);
  if (existing?.isAdmin === true) return true;
  if ((await accounts.list("user")).some(({ isAdmin }) => isAdmin)) return false;
  const added =
    existing === undefined
      ? await accounts.addUser(
          { name, fullname: name, email: undefined, isAdmin: true, createdAt: clock.now() },
          systemEvent("user.create", `users/${name}`, { admin: true }),
        )
      : "taken";
  if (added === "taken")
    throw new ApiError("conflict", `The name ${name} is taken by an account that is no administrator.`);
  return true;
}

function requireName(name: string): AccountName {
  const parsed = parseAccountName(name);
  if (parsed !== undefined) return parsed;
  throw new ApiError("invalid_field", "The administrator's name is not a valid account name.", {
    remedy: "Use 2 to 42 letters and digits, with single hyphens between them.",
  });
}

function requireToken(token: string | undefined): string | undefined {
  if (token === undefined || isPersonalTokenText(token)) return token;
  throw new ApiError("invalid_field", "The administrator's token does not look like a personal access token.", {
    remedy: "Use hf_ and at least 17 letters and digits, for example from: openssl rand -hex 20.",
  });
}

function systemEvent(event: string, resource: string, detail: AuditEvent["detail"]): AuditEvent {
  const actor = { kind: "system", name: "bootstrap", tokenId: undefined } as const;
  return { event, outcome: "allowed", actor, resource, requestId: "start", sourceAddress: undefined, detail };
}
