import type { Generated } from "kysely";

/** The tables of the hub, for Kysely. Columns are explained where they are made, in `migrations/`. */
export interface HubTables {
  repos: RepoRow;
  lfs_links: LfsLinkRow;
  held_names: HeldNameRow;
  former_names: FormerNameRow;
  access_requests: AccessRequestRow;
  repo_tags: RepoTagRow;
  discussions: DiscussionRow;
  discussion_events: DiscussionEventRow;
  pull_uploads: PullUploadRow;
  provenance_statements: ProvenanceStatementRow;
  provenance_commits: ProvenanceCommitRow;
}

export interface RepoTagRow {
  repo_id: string;
  tag_key: string;
  tag: string;
  place: number;
}

export interface FormerNameRow {
  repo_key: string;
  repo_id: string;
  moved_at: number;
}

export interface DiscussionRow {
  repo_id: string;
  num: number;
  title: string;
  status: "open" | "closed" | "draft" | "merged";
  author_kind: "user" | "workload";
  author_name: string;
  created_at: number;
  target: string | null;
  merge_base: string | null;
  merge_commit: string | null;
}

export interface DiscussionEventRow {
  seq: Generated<number>;
  event_id: string;
  repo_id: string;
  num: number;
  author_kind: "user" | "workload";
  author_name: string;
  created_at: number;
  data: string;
}

export interface PullUploadRow {
  repo_id: string;
  user_key: string;
  oid: string;
  size: number;
  asked_at: number;
}

export interface AccessRequestRow {
  repo_id: string;
  user_key: string;
  user_name: string;
  fullname: string;
  email: string | null;
  status: "pending" | "accepted" | "rejected" | "reset";
  requested_at: number;
  reviewed_at: number | null;
  granted_by: string | null;
  rejection_reason: string | null;
  fields: string | null;
}

export interface ProvenanceStatementRow {
  id: Generated<number>;
  repo_id: string;
  envelope: string;
  noted: Generated<0 | 1>;
}

export interface ProvenanceCommitRow {
  repo_id: string;
  commit_id: string;
  statement_id: number;
}

export interface HeldNameRow {
  repo_key: string;
  repo_id: string;
  kind: string;
  namespace: string;
  name: string;
  visibility: "public" | "private";
  held_by: string;
  expires_at: number;
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
  pipeline_tag: Generated<string | null>;
  library_name: Generated<string | null>;
  trusted_publishing_only: Generated<0 | 1>;
  gated: Generated<"auto" | "manual" | null>;
  disabled: Generated<0 | 1>;
  seq: Generated<number>;
}
