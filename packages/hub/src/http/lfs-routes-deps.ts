import type { Gatekeeper } from "../access/gatekeeper.ts";
import type { PullUploads } from "../discussions/pull-uploads.ts";
import type { AccessRequests } from "../gates/access-requests.ts";
import type { AcceptUploadDeps } from "../lfs/accept-upload.ts";
import type { AnswerBatchDeps } from "../lfs/answer-batch.ts";
import type { CheckTicketDeps } from "../lfs/check-ticket.ts";
import type { RepoCatalogue } from "../repos/repo-catalogue.ts";

/** Everything that the LFS routes need; `ticketKey` is 32 random bytes or more, the same after a restart. */
export interface LfsRoutesDeps extends AcceptUploadDeps, AnswerBatchDeps, CheckTicketDeps {
  readonly store: AcceptUploadDeps["store"];
  readonly links: AcceptUploadDeps["links"];
  readonly gatekeeper: Pick<Gatekeeper, "identify" | "isTokenLive" | "worksFrom">;
  readonly catalogue: Pick<RepoCatalogue, "find" | "findById">;
  readonly accessRequests: Pick<AccessRequests, "find">;
  readonly pullUploads: PullUploads;
}
