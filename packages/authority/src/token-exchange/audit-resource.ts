import { pluralOf } from "@postern/core/resource/repo-kind";
import type { Resource } from "@postern/core/resource/resource";

/** How a resource is named in the audit log: `models/acme/train`, `users/ada`. */
export function auditResourceOf(resource: Resource): string {
  if (resource.kind === "user") return `users/${resource.name}`;
  const { kind, namespace, name } = resource.repo;
  return `${pluralOf(kind)}/${namespace}/${name}`;
}
