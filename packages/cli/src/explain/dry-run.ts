import type { CliContext } from "../context/cli-context.ts";
import { CliError } from "../failure/cli-error.ts";
import { isRecord, type JsonRecord } from "../http/json-value.ts";
import { responseFailure } from "../http/response-failure.ts";

/** The hub's answer in advance (docs/reference/management-api.md). */
export interface DryRunAnswer extends JsonRecord {
  readonly granted: boolean;
}

/**
 * Asks the hub what an exchange would answer. The token travels in the body, without any login.
 *
 * @throws {CliError} when the hub does not answer, or is none that can.
 */
export async function askDryRun(
  context: CliContext,
  endpoint: string,
  subjectToken: string,
  resource: string,
): Promise<DryRunAnswer> {
  const { host } = new URL(endpoint);
  const response = await context.fetch(`${endpoint}/api/postern/v1/exchange/dry-run`, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      subject_token: subjectToken,
      resource,
    }),
    // A redirect would hand the token to somebody else.
    redirect: "error",
    signal: context.signal,
  });
  if (response.status === 404 || response.status === 405) throw noPosternHub(host);
  if (!response.ok) throw await responseFailure(response, host);
  const body: unknown = await response.json().catch(() => undefined);
  if (isRecord(body) && typeof body.granted === "boolean") return { ...body, granted: body.granted };
  throw noPosternHub(host);
}

function noPosternHub(host: string): CliError {
  return new CliError(`${host} offers no dry run.`, {
    next: "Check HF_ENDPOINT: it must be the address of a Postern server.",
  });
}
