import type { FastifyInstance } from "fastify";
import type { CommitDependencies } from "../commits/commit-to-branch.ts";
import type { DiscussionDeps } from "../discussions/discussion-deps.ts";
import type { AccessRequests } from "../gates/access-requests.ts";
import type { MoveDependencies } from "../repos/move-repo.ts";
import { registerAccessRequestRoutes } from "./access-request-routes.ts";
import { registerAccessRoutes } from "./access-routes.ts";
import { registerCommitRoutes } from "./commit-routes.ts";
import { registerDiscussionRoutes } from "./discussion-routes.ts";
import { registerHistoryRoutes } from "./history-routes.ts";
import { type LfsFilesRoutesDeps, registerLfsFilesRoutes } from "./lfs-files-routes.ts";
import { registerPreuploadRoutes } from "./preupload-routes.ts";
import { type ProvenanceReaders, registerProvenanceRoutes } from "./provenance-routes.ts";
import { registerRefRoutes } from "./ref-routes.ts";
import { registerRepoInfoRoutes } from "./repo-info-routes.ts";
import { registerRepoListRoutes } from "./repo-list-routes.ts";
import { registerRepoRoutes } from "./repo-routes.ts";
import { registerTreeRoutes } from "./tree-routes.ts";
import { registerYamlRoute } from "./yaml-routes.ts";

/** Everything that the routes of the Hub's API need, LFS and resolve left out. */
export interface HubRoutesDeps extends CommitDependencies, MoveDependencies, ProvenanceReaders {
  readonly lfsFiles: LfsFilesRoutesDeps["lfsFiles"];
  readonly accessRequests: AccessRequests;
  readonly discussions: DiscussionDeps["discussions"];
  readonly newEventId: DiscussionDeps["newEventId"];
}

/** Adds the Hub's repo API (hub-wire §4, §6.1–6.3, §7.1, §7.4). */
export function registerHubRoutes(app: FastifyInstance, deps: HubRoutesDeps): void {
  registerRepoRoutes(app, deps);
  registerRepoInfoRoutes(app, deps);
  registerRepoListRoutes(app, deps);
  registerTreeRoutes(app, deps);
  registerRefRoutes(app, deps);
  registerHistoryRoutes(app, deps);
  registerPreuploadRoutes(app, deps);
  registerCommitRoutes(app, deps);
  registerAccessRoutes(app, deps);
  registerLfsFilesRoutes(app, deps);
  registerAccessRequestRoutes(app, deps);
  registerDiscussionRoutes(app, deps);
  registerProvenanceRoutes(app, deps);
  registerYamlRoute(app);
}
