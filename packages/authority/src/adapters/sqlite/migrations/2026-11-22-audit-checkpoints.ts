import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS: readonly string[] = [
  `create table checkpoint_keys (
    id integer primary key,        -- the highest one signs
    note_key text not null unique, -- C2SP signed-note: NAME+ID+KEY; the name is the origin of the log
    sealed_private_key blob not null, -- AES-256-GCM: 12 bytes nonce, PKCS #8, 16 bytes tag; note_key is the associated data
    created_at integer not null
  ) strict`,
  // A cache: every row can be computed from audit_log. Level 8 stands for 256 entries, level 16 for 65 536, and so on.
  `create table audit_tree (
    level integer not null,
    idx integer not null,          -- the subtree begins at leaf idx * 2^level
    hash blob not null,            -- RFC 6962 node hash
    primary key (level, idx)
  ) strict, without rowid`,
];

/** Keys of checkpoints, and hashes of the Merkle tree over the audit log. */
export const auditCheckpoints: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
