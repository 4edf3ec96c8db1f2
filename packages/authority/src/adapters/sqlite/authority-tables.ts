import type { Generated } from "kysely";
import type { AuditEntry } from "../../audit/audit-entry.ts";

/** The tables of the authority, for Kysely. Columns are explained where they are made, in `migrations/`. */
export interface AuthorityTables {
  accounts: AccountRow;
  org_members: OrgMemberRow;
  personal_tokens: PersonalTokenRow;
  issuers: IssuerRow;
  publishers: PublisherRow;
  used_subject_tokens: UsedSubjectTokenRow;
  grants: GrantRow;
  signing_keys: SigningKeyRow;
  audit_log: AuditEntry;
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
  enabled: 0 | 1;
  created_at: number;
  created_by: string;
  last_used_at: number | null;
}

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
  issuer: string;
  subject: string;
  provider: string;
  run_url: string | null;
}

export interface SigningKeyRow {
  kid: string;
  alg: "ES256";
  public_jwk: string;
  sealed_private_key: Uint8Array;
  created_at: number;
  retired_at: number | null;
}
