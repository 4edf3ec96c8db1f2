import { CliError } from "../failure/cli-error.ts";
import { isRecord, type JsonRecord, recordsIn, textIn } from "./json-value.ts";

/** Longest text of a server that is shown. */
const MAX_SHOWN = 600;

/** What a refused response says, in the words of the server; the body is read to its end. */
export async function responseFailure(response: Response, host: string): Promise<CliError> {
  const body = await readJson(response);
  return describeRefusal({
    status: response.status,
    body,
    headerMessage: response.headers.get("x-error-message") ?? undefined,
    requestId: response.headers.get("x-request-id") ?? undefined,
    host,
  });
}

export interface ServerRefusal {
  readonly status: number;
  readonly body: JsonRecord;
  readonly headerMessage?: string | undefined;
  readonly requestId?: string | undefined;
  /** `host:port`, for sentences. */
  readonly host: string;
}

/** One sentence from a refusal of the Hub, of OAuth or of the management API, and what to do next. */
export function describeRefusal(refusal: ServerRefusal): CliError {
  const { status, body } = refusal;
  const error = textIn(body, "error");
  const description = textIn(body, "error_description");
  const words = description ?? error ?? textIn(body, "message") ?? refusal.headerMessage ?? statusSentence(refusal);
  const field = textIn(body, "field");
  const sentence = field === undefined ? words : `${words} (${field})`;
  const details = recordsIn(body, "errors").flatMap((entry) => textIn(entry, "message") ?? []);
  const next = textIn(body, "remedy") ?? adviceFor(status);
  return new CliError(sentence.slice(0, MAX_SHOWN), {
    ...(next === undefined ? {} : { next }),
    details,
    requestId: refusal.requestId ?? textIn(body, "request_id"),
    status,
  });
}

function statusSentence({ status, host }: ServerRefusal): string {
  if (status === 404) return `${host} does not know this address.`;
  return `${host} answered with status ${status}.`;
}

function adviceFor(status: number): string | undefined {
  switch (status) {
    case 401:
      return "Log in: set HF_TOKEN, or HF_OIDC_RESOURCE inside a CI job; `postern auth whoami` shows who you are.";
    case 403:
      return "Use a token that has this right; `postern auth whoami` shows who you are.";
    case 404:
      return "Check the name, HF_ENDPOINT, and that your token may see it.";
    case 429:
      return "Wait a little, then try again.";
    case 500:
    case 502:
    case 503:
    case 504:
      return "Try again; if it stays, give the request id to whoever runs the server.";
    default:
      return undefined;
  }
}

async function readJson(response: Response): Promise<JsonRecord> {
  try {
    const body: unknown = JSON.parse(await response.text());
    return isRecord(body) ? body : {};
  } catch {
    return {};
  }
}
