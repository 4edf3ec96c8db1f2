import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Raw SQL, because the comments then stay in the file and `sqlite3 postern.db .schema` explains itself. Times are epoch seconds. */
const STATEMENTS: readonly string[] = [
  `create table accounts (
    id integer primary key,
    name text not null,            -- as its owner spells it
    name_key text not null unique, -- lower case: users and organisations share one name space
    kind text not null check (kind in ('user', 'org')),
    fullname text not null,
    email text,
    is_admin integer not null default 0 check (is_admin in (0, 1)), -- administrator of the whole deployment
    locked_at integer,             -- set: every credential of the account is refused
    created_at integer not null
  ) strict`,
  `create table org_members (
    org_id integer not null references accounts (id) on delete cascade,
    user_id integer not null references accounts (id) on delete cascade,
    role text not null check (role in ('read', 'write', 'admin')),
    primary key (org_id, user_id)
  ) strict, without rowid`,
  "create index org_members_by_user on org_members (user_id)",
  `create table personal_tokens (
    id text primary key,           -- public: names the token in lists and in the audit log
    user_id integer not null references accounts (id) on delete cascade,
    name text not null,
    role text not null check (role in ('read', 'write')),
    digest blob not null unique,   -- SHA-256 of the token text; the text itself is stored nowhere
    created_at integer not null,
    last_used_at integer,
    expires_at integer,
    revoked_at integer
  ) strict`,
  "create index personal_tokens_by_user on personal_tokens (user_id)",
  `create table issuers (
    id text primary key,
    provider text not null,
    url text not null unique,      -- the exact text of iss, byte for byte
    allow_origins text not null,   -- JSON array of origins that may be loopback, private or plain http
    enabled integer not null check (enabled in (0, 1))
  ) strict`,
  `create table publishers (
    id text primary key,
    target_key text not null,      -- repo:<repo id> or user:<lower-case name>
    repo_kind text,                -- the four repo columns are null for a user target, except namespace: the user's name
    repo_id text,
    namespace text not null,
    repo_name text,
    provider text not null,
    issuer text not null,
    claims text not null,          -- canonical JSON, keys sorted: equal claims are equal text
    access text not null check (access in ('read', 'write')),
    ttl_seconds integer not null,
    enabled integer not null check (enabled in (0, 1)),
    created_at integer not null,
    created_by text not null,
    last_used_at integer,
    unique (target_key, issuer, claims, access) -- its prefix is the look-up of every exchange
  ) strict`,
  "create index publishers_by_issuer on publishers (issuer)",
  `create table used_subject_tokens (
    id integer primary key,
    issuer text not null,          -- the token's real iss: two issuers may use the same jti
    replay_key text not null,      -- jti, or SHA-256 of the signing input
    publisher_id text not null,
    target_key text not null,
    first_used_at integer not null,
    uses integer not null,
    retain_until integer not null, -- later than every moment at which the token could verify
    unique (issuer, replay_key)
  ) strict`,
  "create index used_subject_tokens_by_end on used_subject_tokens (retain_until)",
  `create table grants (
    id integer primary key,
    token_id text not null unique, -- jti of a repo token (ordered by time: cheap to insert), derived from the digest for a user token
    digest blob not null,          -- SHA-256 of the token text; the text itself is stored nowhere
    publisher_id text not null,    -- when that publisher is gone, so is the grant
    repo_kind text,                -- the repo columns are null for a user target, except namespace: the user's name
    repo_id text,
    namespace text not null,
    repo_name text,
    access text not null check (access in ('read', 'write')),
    issued_at integer not null,
    expires_at integer not null,
    revoked_at integer,
    issuer text not null,          -- where the subject token came from: who this really is
    subject text not null,
    provider text not null,
    run_url text
  ) strict`,
  `create table signing_keys (
    kid text primary key,          -- RFC 7638 thumbprint of the public key
    alg text not null check (alg in ('ES256')),
    public_jwk text not null,
    sealed_private_key blob not null, -- AES-256-GCM: 12 bytes nonce, PKCS #8, 16 bytes tag; kid is the associated data
    created_at integer not null,
    retired_at integer             -- set: signs no more; stays published while its tokens live
  ) strict`,
  `create table audit_log (
    seq integer primary key,       -- 1, 2, 3 … without gaps
    at text not null,
    event text not null,
    outcome text not null check (outcome in ('allowed', 'denied')),
    actor_kind text not null,
    actor_name text not null,
    actor_token_id text,
    resource text not null,
    request_id text not null,
    source_address text,
    detail text not null,          -- canonical JSON
    prev_hash text not null,       -- hash of the entry before
    hash text not null             -- see docs/reference/audit-format.md
  ) strict`,
  // "insert or replace" removes a row without asking a delete trigger; this one is asked, and also keeps the numbers without gaps.
  `create trigger audit_log_only_grows before insert on audit_log
   when new.seq <> (select coalesce(max(seq), 0) + 1 from audit_log)
   begin select raise(abort, 'audit_log is append-only'); end`,
  `create trigger audit_log_keeps_entries before delete on audit_log
   begin select raise(abort, 'audit_log is append-only'); end`,
  `create trigger audit_log_changes_nothing before update on audit_log
   begin select raise(abort, 'audit_log is append-only'); end`,
];

/** Accounts, tokens, issuers, publishers, grants, spent subject tokens, signing keys and the audit log. */
export const firstTables: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
