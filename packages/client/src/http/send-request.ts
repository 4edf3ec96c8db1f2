import { curlFetch } from "../debug/curl-fetch.ts";
import { isSwitchedOn } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type CallLimits, cutShort } from "./call-limits.ts";
import { readCapped } from "./read-capped.ts";
import { askedDelay, retryDelay } from "./retry-delay.ts";
import { readServerWords } from "./server-words.ts";

const MAX_ATTEMPTS = 5;

/** One request to one URL; nothing in it is ever sent anywhere else. */
export interface OutgoingRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that are good once, made anew for each attempt. */
  readonly freshHeaders?: () => Promise<Readonly<Record<string, string>>>;
  readonly body?: string;
  /** Statuses after which it is sent again. */
  readonly retryStatuses: ReadonlySet<number>;
  /** Whether it may be sent again when no answer came, that is, when the server may have acted on it. */
  readonly retryWithoutAnswer: boolean;
  /** Begins the sentences about it: "The token exchange". */
  readonly name: string;
}

/** An answer of any status outside 3xx, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends with backoff until there is an answer that is not worth a retry, or time is up.
 *
 * @throws {OidcError} `offline`, `network_failed`, `timed_out`, `redirect_refused`, `response_too_large`, `rate_limited`,
 *   `unavailable`.
 * @throws the caller's abort reason.
 */
export async function sendRequest(request: OutgoingRequest, runtime: Runtime, limits: CallLimits): Promise<Answer> {
  if (isSwitchedOn(runtime.environment, "HF_HUB_OFFLINE")) {
    throw new OidcError("offline", `${request.name} needs the network, and HF_HUB_OFFLINE is set. Unset it.`);
  }
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(request, runtime, limits);
    if (outcome.kind === "answer" && !request.retryStatuses.has(outcome.answer.status)) return outcome.answer;

    const mayRetry = outcome.kind === "answer" || request.retryWithoutAnswer;
    const headers = outcome.kind === "answer" ? outcome.answer.headers : undefined;
    const now = runtime.now();
    const pause = retryDelay(attempt, headers, now, runtime.random());
    // Coming back before the server said it is welcome would only make things worse, so a long pause ends the call now.
    if (!mayRetry || attempt === MAX_ATTEMPTS || now + pause >= limits.endsAt) throw givenUp(request, outcome, now);
    try {
      await runtime.sleep(pause, limits.signal);
    } catch (error) {
      throw limits.signal.aborted ? cutShort(limits, request.name) : error;
    }
  }
}

type Outcome =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "no-answer"; readonly reason: string };

async function attemptOnce(request: OutgoingRequest, runtime: Runtime, limits: CallLimits): Promise<Outcome> {
  const { signal } = limits;
  const { host } = new URL(request.url);
  try {
    const response = await curlFetch(runtime)(request.url, {
      method: request.method,
      headers: { ...request.headers, ...(await request.freshHeaders?.()) },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: "manual",
      credentials: "omit",
      cache: "no-store",
      signal,
    });
    // A browser hides the redirect behind status 0.
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel().catch(() => undefined);
      throw new OidcError(
        "redirect_refused",
        `${host} answered with a redirect, which is not followed because it could hand the credential to another server. Set the endpoint to the address that the hub itself uses.`,
        { status: response.status },
      );
    }
    const body = await readCapped(response, host);
    return { kind: "answer", answer: { status: response.status, headers: response.headers, body } };
  } catch (error) {
    if (signal.aborted) throw cutShort(limits, request.name);
    if (error instanceof OidcError) throw error;
    return { kind: "no-answer", reason: reasonOf(error) };
  }
}

/** The system's code and nothing else: messages of network errors can quote headers, and headers hold tokens. */
function reasonOf(error: unknown): string {
  const codes = [error, error instanceof Error ? error.cause : undefined].map((candidate) =>
    typeof candidate === "object" && candidate !== null && "code" in candidate ? String(candidate.code) : "",
  );
  return codes.find((code) => /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) ?? "no connection";
}

function givenUp(request: OutgoingRequest, outcome: Outcome, now: number): OidcError {
  const { host } = new URL(request.url);
  if (outcome.kind === "no-answer") {
    const again = request.retryWithoutAnswer ? "" : " It was not repeated, because an id token may be spent only once.";
    return new OidcError(
      "network_failed",
      `${request.name} got no answer from ${host} (${outcome.reason}).${again} Check the address, the network and the certificate, then run the job again.`,
    );
  }
  const { status, headers, body } = outcome.answer;
  const asked = askedDelay(headers, now);
  const when = asked === undefined ? "in a while" : `in ${Math.ceil(asked / 1000)} seconds`;
  const words = readServerWords(status, headers, body);
  const said = words.errorDescription ?? words.error;
  const id = words.requestId === undefined ? "" : ` (request id ${words.requestId})`;
  return new OidcError(
    status === 429 ? "rate_limited" : "unavailable",
    `${request.name} was put off by ${host} with status ${status}${said === undefined ? "" : `: ${said}`}${id}. Try again ${when}.`,
    words,
  );
}
