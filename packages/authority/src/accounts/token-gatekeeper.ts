import type { Principal } from "@postern/core/access/principal";
import { HubError } from "@postern/core/error/hub-error";
import { fitsPin } from "@postern/core/publisher/address-pin";
import type { Clock } from "@postern/core/time/clock";
import { type FoundToken, findToken } from "../tokens/find-token.ts";
import { isLive, type PersonalToken, type StoredGrant, type TokenStore } from "../tokens/token-store.ts";
import type { AccountStore } from "./account-store.ts";
import { tokenInAuthorization } from "./authorization-header.ts";
import type { Identifier } from "./identify.ts";

export interface TokenGatekeeperDeps {
  readonly accounts: AccountStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
}

/** "Last used" of a personal token is that coarse, in seconds: reading must not turn into a write per request. */
const LAST_USED_STEP = 300;

/**
 * Turns credentials into a principal; also what the hub asks about tokens and names.
 *
 * Every answer is read from the store, so a token that was revoked a moment ago is refused now.
 */
export class TokenGatekeeper implements Identifier {
  readonly #accounts: AccountStore;
  readonly #tokens: TokenStore;
  readonly #clock: Clock;

  constructor({ accounts, tokens, clock }: TokenGatekeeperDeps) {
    this.#accounts = accounts;
    this.#tokens = tokens;
    this.#clock = clock;
  }

  async identify(authorization: string | undefined): Promise<Principal> {
    if (authorization === undefined) return { kind: "anonymous" };
    const text = tokenInAuthorization(authorization);
    const found = text === undefined ? undefined : await findToken(text, this.#tokens);
    const principal = found === undefined ? undefined : await this.#principalOf(found);
    // One answer for malformed, unknown, expired, revoked and locked: whoever guesses learns nothing.
    if (principal === undefined) throw invalidCredentials();
    return principal;
  }

  /** False once the token is revoked or expired, or its owner locked; signed URLs that it caused then stop working. */
  async isTokenLive(tokenId: string): Promise<boolean> {
    const now = this.#clock.now();
    const grant = await this.#tokens.findGrant(tokenId);
    if (grant !== undefined) return isLive(grant, now) && !(await this.#isNamespaceLocked(grant));
    const token = await this.#tokens.findPersonal(tokenId);
    if (token === undefined || !isLive(token, now)) return false;
    return (await this.#accounts.find(token.user))?.isLocked === false;
  }

  /** Whether a living token may be used from this address; the same rule as for its requests (`enforceTokenBindings`). */
  async worksFrom(tokenId: string, sourceAddress: string | undefined): Promise<boolean> {
    const pin = (await this.#tokens.findGrant(tokenId))?.pinnedAddress;
    return pin === undefined || fitsPin(sourceAddress, pin);
  }

  /** The stored spelling of an account's name, looked up without regard to case. */
  async findAccount(name: string): Promise<string | undefined> {
    return (await this.#accounts.find(name))?.name;
  }

  /** A person by name, without regard to case; no organisation. */
  async findUser(name: string): Promise<{ readonly name: string; readonly fullname: string } | undefined> {
    const account = await this.#accounts.find(name);
    return account?.kind === "user" ? { name: account.name, fullname: account.fullname } : undefined;
  }

  async #principalOf(found: FoundToken): Promise<Principal | undefined> {
    const credential = found.kind === "grant" ? found.grant : found.token;
    if (!isLive(credential, this.#clock.now())) return undefined;
    return found.kind === "grant" ? this.#workload(found.grant) : this.#user(found.token);
  }

  async #user(token: PersonalToken): Promise<Principal | undefined> {
    const account = await this.#accounts.find(token.user);
    if (account === undefined || account.isLocked) return undefined;
    this.#rememberUse(token);
    return {
      kind: "user",
      name: account.name,
      fullname: account.fullname,
      email: account.email,
      isAdmin: account.isAdmin,
      memberships: await this.#accounts.memberships(account.name),
      tokenId: token.id,
      tokenName: token.name,
      tokenRole: token.role,
    };
  }

  async #workload(grant: StoredGrant): Promise<Principal | undefined> {
    const { tokenId, target, access, expiresAt, origin } = grant;
    if (await this.#isNamespaceLocked(grant)) return undefined;
    if (target.kind === "repo") {
      return { kind: "repo-workload", tokenId, repo: target.repo, repoId: target.repoId, access, expiresAt, origin };
    }
    const account = await this.#accounts.find(target.name);
    if (account?.kind !== "user") return undefined;
    return { kind: "user-workload", tokenId, name: account.name, scopes: ["gated-repos"], expiresAt, origin };
  }

  /** A locked user's jobs stop with the user; organisations are never locked. */
  async #isNamespaceLocked({ target }: StoredGrant): Promise<boolean> {
    const name = target.kind === "repo" ? target.repo.namespace : target.name;
    return (await this.#accounts.find(name))?.isLocked === true;
  }

  #rememberUse(token: PersonalToken): void {
    const now = this.#clock.now();
    if (token.lastUsedAt !== undefined && now - token.lastUsedAt < LAST_USED_STEP) return;
    // Nobody waits for it, and a reader must not be refused because a convenience could not be written.
    this.#tokens.touchPersonal(token.id, now).catch(() => undefined);
  }
}

function invalidCredentials(): HubError {
  return new HubError(401, "InvalidCredentials", "Invalid credentials in Authorization header", {
    // Basic, because git asks its credential helper again only when it reads that word.
    headers: { "www-authenticate": 'Basic realm="postern"' },
  });
}
