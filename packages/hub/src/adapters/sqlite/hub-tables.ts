import type { Generated } from "kysely";

/** The tables of the hub, for Kysely. Columns are explained where they are made, in `migrations/`. */
export interface HubTables {
  repos: RepoRow;
  lfs_links: LfsLinkRow;
}

export interface LfsLinkRow {
  repo_id: string;
  oid: string;
  size: number;
  linked_at: Generated<number>;
}

export interface RepoRow {
  repo_id: string;
  repo_key: string;
  kind: string;
  namespace: string;
  name: string;
  visibility: "public" | "private";
  created_at: number;
  updated_at: number;
  created_by: string;
  seq: Generated<number>;
}
