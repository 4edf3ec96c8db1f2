import type { Gatekeeper } from "../access/gatekeeper.ts";
import type { AccessRequests } from "../gates/access-requests.ts";
import type { GateDeps } from "../gates/ask-for-access.ts";
import type { RepoAccessDeps } from "./opened-repo.ts";

/** What the routes of access requests need. */
export interface AccessRequestRoutesDeps extends GateDeps, RepoAccessDeps {
  readonly gatekeeper: Pick<Gatekeeper, "identify" | "findUser">;
  readonly accessRequests: AccessRequests;
}
