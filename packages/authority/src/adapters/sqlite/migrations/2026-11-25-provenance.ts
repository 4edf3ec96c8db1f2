import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS: readonly string[] = [
  `create table provenance_keys (
    id integer primary key,        -- the newest one signs
    kid text not null unique,      -- RFC 7638 thumbprint of the public key
    x text not null,               -- P-256 coordinates, base64url
    y text not null,
    sealed_private_key blob not null, -- AES-256-GCM: 12 bytes nonce, PKCS #8, 16 bytes tag; kid is the associated data
    created_at integer not null
  ) strict`,
  `create trigger provenance_keys_stay before delete on provenance_keys
   begin select raise(abort, 'a provenance key is never removed: its statements could not be checked any more'); end`,
  // JSON: repository, repositoryId, workflow, ref, sha, as far as the provider names them.
  "alter table grants add column source text",
];

/** Keys that sign who made a commit, and where the code of a job came from. */
export const provenance: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
