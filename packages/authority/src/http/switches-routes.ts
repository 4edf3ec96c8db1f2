import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { Identifier } from "../accounts/identify.ts";
import { readSwitchBoard, type SwitchBoard, type SwitchDeps, setSwitch } from "../switches/manage-switches.ts";
import { auditResourceOf } from "../token-exchange/audit-resource.ts";
import { callerOf } from "./caller-of.ts";
import { MANAGEMENT_BODY_LIMIT } from "./management-body-limit.ts";
import "./route-audit-config.ts";

const PATH = "/api/postern/v1/switches";

export interface SwitchesRoutesDeps extends SwitchDeps {
  readonly identifier: Identifier;
}

/** Adds `/api/postern/v1/switches` (docs/reference/management-api.md). */
export function registerSwitchesRoutes(app: FastifyInstance, deps: SwitchesRoutesDeps): void {
  app.get(PATH, async (request) => serialise(await readSwitchBoard(await callerOf(request, deps.identifier), deps)));
  app.patch<{ Params: { name: string } }>(
    `${PATH}/:name`,
    { bodyLimit: MANAGEMENT_BODY_LIMIT, config: { audit: { event: "switch.change" } } },
    async (request) => {
      const caller = await callerOf(request, deps.identifier);
      const name = await setSwitch(request.params.name, request.body, caller, deps);
      return switchOf({ name, off: deps.switches.whyOff(name) });
    },
  );
}

function serialise({ switches, issuersOff, publishersOff }: SwitchBoard): Readonly<Record<string, unknown>> {
  return {
    switches: switches.map(switchOf),
    issuers_off: issuersOff.map(({ id, url }) => ({ id, url })),
    publishers_off: publishersOff.map(({ id, target }) => ({ id, resource: auditResourceOf(target) })),
  };
}

function switchOf({ name, off }: SwitchBoard["switches"][number]): Readonly<Record<string, unknown>> {
  if (off === undefined) return { name, on: true };
  return { name, on: false, reason: off.reason, switched_off_at: toIsoTime(off.at), switched_off_by: off.by };
}
