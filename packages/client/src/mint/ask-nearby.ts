import { OidcError } from "../error/oidc-error.ts";
import { type CallLimits, cutShort, shortened } from "../http/call-limits.ts";
import { type Answer, type OutgoingRequest, sendRequest } from "../http/send-request.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** An honest metadata endpoint is on the same machine or one hop away. */
const NEARBY_DEADLINE_MS = 5000;

/** A request to an endpoint of the job's own surroundings. */
export interface NearbyRequest extends Pick<OutgoingRequest, "method" | "url" | "headers" | "name"> {
  /** What to do when nobody answers: ends the message. */
  readonly whenSilent: string;
}

/** Asks a metadata endpoint, within five seconds. @throws {OidcError} as `sendRequest`, with the endpoint's own advice. */
export async function askNearby(request: NearbyRequest, runtime: Runtime, limits: CallLimits): Promise<Answer> {
  const { whenSilent, ...outgoing } = request;
  try {
    // Asking twice only makes a second token, so every failure that may pass is worth another try.
    return await sendRequest(
      { ...outgoing, retryStatuses: new Set([429, 500, 502, 503, 504]), retryWithoutAnswer: true },
      runtime,
      shortened(limits, NEARBY_DEADLINE_MS, runtime.now()),
    );
  } catch (error) {
    if (limits.signal.aborted) throw cutShort(limits, request.name);
    if (error instanceof OidcError && (error.code === "network_failed" || error.code === "timed_out"))
      throw new OidcError(error.code, `${request.name} got no answer. ${whenSilent}`);
    throw error;
  }
}

/**
 * True for an address of this machine or link: loopback, 169.254/16, fe80::/10 and AWS's fd00:ec2::/32.
 *
 * Variables name such endpoints, and what is sent there (a secret header, a workload's whole identity) must not go anywhere else.
 */
export function isNearby(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  return (
    host === "localhost" ||
    host === "::1" ||
    /^127(?:\.[0-9]{1,3}){3}$/.test(host) ||
    /^169\.254(?:\.[0-9]{1,3}){2}$/.test(host) ||
    /^fe[89ab][0-9a-f]:[0-9a-f:]*$/.test(host) ||
    /^fd00:ec2:[0-9a-f:]*$/.test(host)
  );
}
