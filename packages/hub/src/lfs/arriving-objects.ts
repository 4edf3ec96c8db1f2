import type { Principal } from "@postern/core/access/principal";
import { auditActorOf } from "@postern/core/audit/audit-actor";
import type { AuditLog } from "../access/audit-log.ts";
import { auditResourceOf } from "../access/audit-resource.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { settleUpload, type UploadRequest } from "./accept-upload.ts";
import type { DirectTransfers } from "./direct-transfers.ts";
import type { LfsLinks } from "./lfs-links.ts";
import type { LfsObjects } from "./lfs-objects.ts";
import { parseLfsOid } from "./lfs-oid.ts";

/**
 * The objects of a repo for one commit, where clients send bytes to the store itself: not every client says when it is done
 * (`@huggingface/hub` never calls `verify`), so that what a commit names may still wait to be looked at.
 */
export function arrivingObjects(
  links: LfsLinks,
  direct: DirectTransfers,
  by: UploadRequest & { readonly repo: StoredRepo; readonly principal: Principal; readonly audit: AuditLog },
): LfsObjects {
  return {
    isLinked: (repoId, oid) => links.isLinked(repoId, oid),
    claim: async (repoId, text) => {
      const size = await links.claim(repoId, text);
      const oid = parseLfsOid(text);
      if (size !== undefined || oid === undefined) return size;
      const arrival = { repoId, oid, resource: auditResourceOf(by.repo.repo), actor: auditActorOf(by.principal) };
      return await settleUpload(arrival, by, { links, direct, audit: by.audit });
    },
  };
}
