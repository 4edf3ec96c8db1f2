import { NOT_CHECKED } from "@postern/core/lint/publisher-finding";
import { whoCanPublish } from "@postern/core/publisher/who-can-publish";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import { type LintPublishersDeps, lintPublishersOf } from "../publishers/lint-publishers-of.ts";
import { callerOf } from "./caller-of.ts";
import { PUBLISHER_TARGETS } from "./publisher-targets.ts";

export interface PublisherLintRoutesDeps extends LintPublishersDeps {
  readonly identifier: Identifier;
}

/** Adds `GET …/publishers/lint` of every kind of repo and of users. */
export function registerPublisherLintRoutes(app: FastifyInstance, deps: PublisherLintRoutesDeps): void {
  for (const { path, resourceOf } of PUBLISHER_TARGETS) {
    app.get<{ Params: Record<string, string> }>(`${path}/publishers/lint`, async (request) => {
      const caller = await callerOf(request, deps.identifier);
      const { publishers, findings } = await lintPublishersOf(resourceOf(request.params), caller, deps);
      return {
        publishers: publishers.map((publisher) => ({
          id: publisher.id,
          enabled: publisher.enabled,
          who: whoCanPublish(publisher),
        })),
        findings: findings.map(({ publisherId, ...finding }) => ({
          ...finding,
          ...(publisherId === undefined ? {} : { publisher_id: publisherId }),
        })),
        not_checked: NOT_CHECKED,
      };
    });
  }
}
