import { whoCanPublish } from "@postern/core/publisher/who-can-publish";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import { type PreviewDeps, previewTrustedPublishingOnly } from "../publishers/preview-trusted-publishing-only.ts";
import { callerOf } from "./caller-of.ts";
import { REPO_TARGETS } from "./publisher-targets.ts";

export interface TrustedPublishingOnlyRoutesDeps extends PreviewDeps {
  readonly identifier: Identifier;
}

/** Adds `GET …/trusted-publishing-only/preview` of every kind of repo: what the setting would stop. The hub's settings route sets it. */
export function registerTrustedPublishingOnlyRoutes(app: FastifyInstance, deps: TrustedPublishingOnlyRoutesDeps): void {
  for (const { path, resourceOf } of REPO_TARGETS) {
    app.get<{ Params: Record<string, string> }>(`${path}/trusted-publishing-only/preview`, async (request) => {
      const caller = await callerOf(request, deps.identifier);
      const { on, stops, goesOn } = await previewTrustedPublishingOnly(resourceOf(request.params), caller, deps);
      return {
        on,
        members: stops.members,
        tokens: stops.tokens.map(({ id, user, name, createdAt, lastUsedAt }) => ({
          id,
          user,
          name,
          created_at: toIsoTime(createdAt),
          ...(lastUsedAt === undefined ? {} : { last_used_at: toIsoTime(lastUsedAt) }),
        })),
        publishers: goesOn.map((publisher) => ({ id: publisher.id, who: whoCanPublish(publisher) })),
      };
    });
  }
}
