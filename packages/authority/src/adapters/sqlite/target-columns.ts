import type { PublisherTarget } from "@postern/core/publisher/publisher";
import { parseAccountName } from "@postern/core/resource/account-name";
import { parseRepoRef } from "@postern/core/resource/repo-ref";

/** A publisher's target as columns; all but `namespace` are null for a user. */
export interface TargetColumns {
  readonly repo_kind: "model" | "dataset" | "space" | "kernel" | null;
  readonly repo_id: string | null;
  readonly namespace: string;
  readonly repo_name: string | null;
}

export function columnsOfTarget(target: PublisherTarget): TargetColumns {
  if (target.kind === "user") return { repo_kind: null, repo_id: null, namespace: target.name, repo_name: null };
  const { kind, namespace, name } = target.repo;
  return { repo_kind: kind, repo_id: target.repoId, namespace, repo_name: name };
}

/** @throws {Error} when the row breaks the grammar: something other than this program wrote it. */
export function targetOfColumns(row: TargetColumns): PublisherTarget {
  if (row.repo_kind === null || row.repo_id === null || row.repo_name === null) {
    const name = parseAccountName(row.namespace);
    if (name === undefined) throw new Error(`stored account name breaks the grammar: ${row.namespace}`);
    return { kind: "user", name };
  }
  const repo = parseRepoRef(row.repo_kind, row.namespace, row.repo_name);
  if (repo === undefined) throw new Error(`stored repo breaks the grammar: ${row.namespace}/${row.repo_name}`);
  return { kind: "repo", repoId: row.repo_id, repo };
}
