import type { Generated } from "kysely";
import type { AuditEntry } from "../../audit/audit-entry.ts";

/** The tables of the authority, for Kysely. Columns are explained where they are made, in `migrations/`. */
export interface AuthorityTables {
  accounts: AccountRow;
  org_members: OrgMemberRow;
  personal_tokens: PersonalTokenRow;
  issuers: IssuerRow;
  publishers: PublisherRow & { readonly revoked_through: Generated<number> } & GeneratedPublisherState;
  used_subject_tokens: UsedSubjectTokenRow;
  spent_token_horizons: SpentTokenHorizonRow;
  grants: GrantRow;
  signing_keys: SigningKeyRow;
  provenance_keys: ProvenanceKeyRow;
  switches: SwitchRow;
  issuer_keys_seen: IssuerKeysSeenRow;
  audit_log: AuditEntry;
  attempts: AttemptRow;
  audit_tree: AuditTreeRow;
  checkpoint_keys: CheckpointKeyRow;
}

export interface AccountRow {
  id: Generated<number>;
  name: string;
  name_key: string;
  kind: "user" | "org";
  fullname: string;
  email: string | null;
  is_admin: 0 | 1;
  locked_at: number | null;
  created_at: number;
}

export interface OrgMemberRow {
  org_id: number;
  user_id: number;
  role: "read" | "write" | "admin";
}

export interface PersonalTokenRow {
  id: string;
  user_id: number;
  name: string;
  role: "read" | "write";
  digest: Uint8Array;
  created_at: number;
  last_used_at: number | null;
  expires_at: number | null;
  revoked_at: number | null;
}

export interface IssuerRow {
  id: string;
  provider: string;
  url: string;
  allow_origins: string;
  enabled: 0 | 1;
  key_set: string | null;
  confirmed_keys: string | null;
}

export interface PublisherRow {
  id: string;
  target_key: string;
  repo_kind: "model" | "dataset" | "space" | "kernel" | null;
  repo_id: string | null;
  namespace: string;
  repo_name: string | null;
  provider: string;
  issuer: string;
  claims: string;
  access: "read" | "write";
  ttl_seconds: number;
  source_addresses: string;
  pin_address: 0 | 1;
  audience: string;
  enabled: 0 | 1;
  created_at: number;
  created_by: string;
  last_used_at: number | null;
}

/** How the project of a publisher changed; set by exchanges and by whoever confirms, never on insertion. */
export interface PublisherStateRow {
  change: string | null;
  change_seen_at: number | null;
  frozen: 0 | 1;
  renamed: string | null;
  renamed_at: number | null;
}

type GeneratedPublisherState = { readonly [K in keyof PublisherStateRow]: Generated<PublisherStateRow[K]> };

export interface UsedSubjectTokenRow {
  id: Generated<number>;
  issuer: string;
  replay_key: string;
  publisher_id: string;
  target_key: string;
  first_used_at: number;
  uses: number;
  retain_until: number;
}

export interface SpentTokenHorizonRow {
  issuer: string;
  swept_through: number;
}

export interface GrantRow {
  id: Generated<number>;
  token_id: string;
  digest: Uint8Array;
  publisher_id: string;
  repo_kind: "model" | "dataset" | "space" | "kernel" | null;
  repo_id: string | null;
  namespace: string;
  repo_name: string | null;
  access: "read" | "write";
  issued_at: number;
  expires_at: number;
  revoked_at: number | null;
  bound_to: string | null;
  pinned_address: string | null;
  issuer: string;
  subject: string;
  provider: string;
  run_url: string | null;
  source: string | null;
}

export interface ProvenanceKeyRow {
  id: Generated<number>;
  kid: string;
  x: string;
  y: string;
  sealed_private_key: Uint8Array;
  created_at: number;
}

export interface IssuerKeysSeenRow {
  issuer_id: string;
  thumbprints: string;
}

export interface SwitchRow {
  name: string;
  reason: string;
  switched_off_at: number;
  switched_off_by: string;
}

export interface AttemptRow {
  id: Generated<number>;
  target_key: string;
  same_as: string;
  provider: string;
  issuer: string;
  code: string;
  message: string;
  claims: string;
  checks: string;
  publisher_id: string | null;
  run_url: string | null;
  first_at: number;
  last_at: number;
  count: number;
}

export interface SigningKeyRow {
  kid: string;
  alg: "ES256";
  public_jwk: string;
  sealed_private_key: Uint8Array;
  created_at: number;
  signs_from: number | null;
  retired_at: number | null;
  position: number;
}

export interface AuditTreeRow {
  level: number;
  idx: number;
  hash: Uint8Array;
}

export interface CheckpointKeyRow {
  id: Generated<number>;
  note_key: string;
  sealed_private_key: Uint8Array;
  created_at: number;
}
