import type { SwitchReader } from "@postern/authority";
import { HubError } from "@postern/core/error/hub-error";
import type { FastifyInstance } from "fastify";
import "./declared-audit.ts";

const ALWAYS_CHANGING: ReadonlySet<string> = new Set(["PUT", "PATCH", "DELETE"]);

/**
 * Refuses every change of a repo while an administrator has switched writes off; reading goes on. To be called in the hub's scopes before
 * their routes are added.
 *
 * Reads the audit declaration, so that no changing route can be forgotten; a PUT of bytes counts even where its audit entry comes later.
 * 403 and not 503: clients would repeat the latter for minutes.
 *
 * @throws {HubError} 403 `ReadOnlyMode`.
 */
export function refuseChangesInReadOnlyMode(scope: FastifyInstance, switches: SwitchReader): void {
  scope.addHook("onRequest", async (request) => {
    const off = switches.whyOff("writes");
    if (off === undefined) return;
    const { audit } = request.routeOptions.config;
    const declaresEvent = audit !== undefined && "event" in audit;
    if (!declaresEvent && !ALWAYS_CHANGING.has(request.method) && !announcesPush(request.query)) return;
    const reason = off.reason === "" ? "" : ` The reason: ${off.reason}`;
    throw new HubError(403, "ReadOnlyMode", `This hub is in read-only mode: nothing can be changed for now.${reason}`);
  });
}

/** Git asks so before it pushes, and shows people only what it is told then. */
function announcesPush(query: unknown): boolean {
  return typeof query === "object" && query !== null && "service" in query && query.service === "git-receive-pack";
}
