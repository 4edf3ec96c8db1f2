import type { CliContext } from "../context/cli-context.ts";
import { CliError } from "../failure/cli-error.ts";
import type { JsonRecord } from "../http/json-value.ts";
import { serverEndpointOf } from "./endpoint.ts";
import { type JsonCall, openSession, type Session } from "./session.ts";

/** Calls to `/api/postern/v1` (docs/reference/management-api.md). */
export interface Management {
  readonly session: Session;
  /** @param path - Below `/api/postern/v1`, every part already encoded. */
  call(path: string, call?: JsonCall): Promise<JsonRecord>;
}

/** @throws {CliError} exit code 2 when HF_ENDPOINT names no server. */
export function openManagement(context: CliContext): Management {
  const session = openSession(context, serverEndpointOf(context.env), { askedFor: true });
  return {
    session,
    call: async (path, call) => {
      if ((await session.token()) === undefined) {
        throw new CliError("You are not logged in.", {
          next: "Set HF_TOKEN to a token of an administrator; `postern serve --bootstrap-admin NAME` prints the first one.",
        });
      }
      return session.json(`/api/postern/v1${path}`, call);
    },
  };
}
