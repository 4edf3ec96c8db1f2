import type { Generated } from "kysely";

/** The tables of the hub, for Kysely. Columns are explained where they are made, in `migrations/`. */
export interface HubTables {
  repos: RepoRow;
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
