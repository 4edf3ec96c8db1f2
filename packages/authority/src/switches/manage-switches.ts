import { ApiError } from "@postern/core/error/api-error";
import type { Issuer } from "@postern/core/issuer/issuer";
import type { Publisher } from "@postern/core/publisher/publisher";
import type { Clock } from "@postern/core/time/clock";
import { type Caller, changeEvent, requireAdministrator, requireReadingAdministrator } from "../accounts/caller.ts";
import { invalidField, optionalLine, parseDraftFields } from "../accounts/draft-fields.ts";
import type { IssuerStore } from "../issuers/issuer-store.ts";
import type { PublisherStore } from "../publishers/publisher-store.ts";
import { SWITCH_NAMES, type SwitchedOff, type Switches, type SwitchName } from "./switches.ts";

export interface SwitchDeps {
  readonly switches: Switches;
  readonly issuers: Pick<IssuerStore, "list">;
  readonly publishers: Pick<PublisherStore, "listDisabled">;
  readonly clock: Clock;
}

const MAX_REASON = 200;
/** Publishers that are off are listed up to here; more than that is no kill switch any more. */
const MAX_PUBLISHERS = 1000;

/** Everything that is switched off anywhere in the deployment. */
export interface SwitchBoard {
  readonly switches: readonly { readonly name: SwitchName; readonly off: SwitchedOff | undefined }[];
  readonly issuersOff: readonly Issuer[];
  readonly publishersOff: readonly Publisher[];
}

/** @throws {ApiError} `unauthenticated`, `forbidden`. */
export async function readSwitchBoard(caller: Caller, deps: SwitchDeps): Promise<SwitchBoard> {
  requireReadingAdministrator(caller);
  return {
    switches: SWITCH_NAMES.map((name) => ({ name, off: deps.switches.whyOff(name) })),
    issuersOff: (await deps.issuers.list()).filter(({ enabled }) => !enabled),
    publishersOff: await deps.publishers.listDisabled(MAX_PUBLISHERS),
  };
}

/**
 * Switches something on or off for the whole deployment, from the next request on.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`, `invalid_body`, `invalid_field`.
 */
export async function setSwitch(text: string, body: unknown, caller: Caller, deps: SwitchDeps): Promise<SwitchName> {
  const person = requireAdministrator(caller);
  const name = SWITCH_NAMES.find((known) => known === text);
  if (name === undefined)
    throw new ApiError("not_found", "There is no such switch.", { remedy: `Use one of ${SWITCH_NAMES.join(", ")}.` });
  const fields = parseDraftFields(body, ["on", "reason"]);
  if (typeof fields.on !== "boolean")
    throw invalidField("on", "The on field is neither true nor false.", "Use true or false.");
  const reason = optionalLine(fields.reason, "reason", MAX_REASON) ?? "";
  const event = changeEvent(caller, "switch.change", `switches/${name}`, { on: fields.on, reason });
  if (fields.on) await deps.switches.switchOn(name, event);
  else await deps.switches.switchOff({ name, reason, at: deps.clock.now(), by: person.name }, event);
  return name;
}
