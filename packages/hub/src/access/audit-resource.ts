import { pluralOf } from "@postern/core/resource/repo-kind";
import { type RepoRef, repoIdOf } from "@postern/core/resource/repo-ref";

/** How a repo is named in the audit log: `models/acme/train`. */
export function auditResourceOf(repo: RepoRef): string {
  return `${pluralOf(repo.kind)}/${repoIdOf(repo)}`;
}
