import type { AuditEvent } from "@postern/core/audit/audit-event";
import { parseJobSource } from "@postern/core/provider/job-source";
import { type AccountName, parseAccountName } from "@postern/core/resource/account-name";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import type { NewPersonalToken, PersonalToken, StoredGrant, TokenStore } from "../../tokens/token-store.ts";
import type { AuthorityDatabase } from "./authority-database.ts";
import { targetOfColumns } from "./target-columns.ts";
import { type GrantOfToken, type NamedPersonalToken, prepareTokenQueries, type TokenQueries } from "./token-queries.ts";

/** Grants and personal access tokens in `postern.db`: digests, never a token. */
export class SqliteTokenStore implements TokenStore {
  readonly #database: AuthorityDatabase;
  readonly #queries: TokenQueries;

  constructor(database: AuthorityDatabase) {
    this.#database = database;
    this.#queries = prepareTokenQueries(database.connection);
  }

  async findGrant(tokenId: string): Promise<StoredGrant | undefined> {
    const row = this.#queries.grant.get({ token_id: tokenId });
    return row === undefined ? undefined : grantOf(row);
  }

  async findPersonal(id: string): Promise<PersonalToken | undefined> {
    const row = this.#queries.personalById.get({ id });
    return row === undefined ? undefined : personalOf(row);
  }

  async findPersonalByDigest(digest: Uint8Array): Promise<PersonalToken | undefined> {
    const row = this.#queries.personalByDigest.get({ digest });
    return row === undefined ? undefined : personalOf(row);
  }

  async listPersonal(user: AccountName): Promise<readonly PersonalToken[]> {
    return this.#queries.personalOfUser.all({ user_key: user.toLowerCase() }).map(personalOf);
  }

  addPersonal(token: NewPersonalToken, audit: AuditEvent): Promise<"added" | "no-such-user" | "exists"> {
    return this.#database.commits.submit((chain) => {
      const user = this.#queries.userId.get({ user_key: token.user.toLowerCase() });
      if (user === undefined) return "no-such-user";
      const added = this.#queries.insertPersonal.run({
        id: token.id,
        user_id: user.id,
        name: token.name,
        role: token.role,
        digest: token.digest,
        created_at: token.createdAt,
      });
      if (added === 0) return "exists";
      chain.append(audit);
      return "added";
    });
  }

  touchPersonal(id: string, at: EpochSeconds): Promise<void> {
    return this.#database.commits.submit(() => void this.#queries.touchPersonal.run({ id, at }));
  }

  revokeGrant(tokenId: string, at: EpochSeconds, audit: AuditEvent): Promise<boolean> {
    return this.#database.commits.submit((chain) => {
      if (this.#queries.revokeGrant.run({ token_id: tokenId, at }) === 0) return false;
      chain.append(audit);
      return true;
    });
  }

  revokePersonal(id: string, at: EpochSeconds, audit: AuditEvent): Promise<boolean> {
    return this.#database.commits.submit((chain) => {
      if (this.#queries.revokePersonal.run({ id, at }) === 0) return false;
      chain.append(audit);
      return true;
    });
  }
}

function grantOf(row: GrantOfToken): StoredGrant {
  return {
    tokenId: row.token_id,
    digest: row.digest,
    target: targetOfColumns(row),
    access: row.access,
    expiresAt: epochSeconds(row.expires_at),
    revokedAt: timeOf(row.revoked_at),
    boundTo: row.bound_to ?? undefined,
    pinnedAddress: row.pinned_address ?? undefined,
    origin: {
      issuer: row.issuer,
      subject: row.subject,
      provider: row.provider,
      publisherId: row.publisher_id,
      runUrl: row.run_url ?? undefined,
      source: parseJobSource(JSON.parse(row.source ?? "null")),
    },
  };
}

function personalOf(row: NamedPersonalToken): PersonalToken {
  const user = parseAccountName(row.user);
  if (user === undefined) throw new Error(`stored account name breaks the grammar: ${row.user}`);
  return {
    id: row.id,
    user,
    name: row.name,
    role: row.role,
    createdAt: epochSeconds(row.created_at),
    lastUsedAt: timeOf(row.last_used_at),
    expiresAt: timeOf(row.expires_at),
    revokedAt: timeOf(row.revoked_at),
  };
}

function timeOf(seconds: number | null): EpochSeconds | undefined {
  return seconds === null ? undefined : epochSeconds(seconds);
}
