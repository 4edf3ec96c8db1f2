import { isRecord, textIn } from "../http/json-value.ts";
import { describeRefusal } from "../http/response-failure.ts";
import { CliError } from "./cli-error.ts";

/** Puts anything that was thrown into one sentence and a next step. */
export function describeFailure(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (!(error instanceof Error)) return new CliError("Something unexpected was thrown.", { next: REPORT });
  return (
    describeHubApiError(error) ??
    describeTokenError(error) ??
    describeConfigError(error) ??
    describeNetworkError(error) ??
    describeSystemError(error) ??
    new CliError(error.message === "" ? error.name : error.message, { next: REPORT, cause: error })
  );
}

const REPORT = "Run it again with HF_DEBUG=1 to see the requests; report it if the words above do not help.";

/** `HubApiError` of `@huggingface/hub`, told by its shape: its class would cost the import of the whole library. */
function describeHubApiError(error: Error): CliError | undefined {
  if (!("statusCode" in error) || typeof error.statusCode !== "number" || !("url" in error)) return undefined;
  const host = typeof error.url === "string" && URL.canParse(error.url) ? new URL(error.url).host : "The server";
  const body = "data" in error && isRecord(error.data) ? error.data : {};
  const requestId = "requestId" in error && typeof error.requestId === "string" ? error.requestId : undefined;
  const own = textIn(body, "error") === undefined && textIn(body, "message") === undefined;
  // The library's own message ends in the whole URL, which for storage carries a signature.
  const message = own ? error.message.replace(/\. URL: .*$/s, ".") : undefined;
  return describeRefusal({ status: error.statusCode, body, headerMessage: message, requestId, host });
}

/** `OidcError` and `TokenError` of `@postern/client`: their message already says what to do. */
function describeTokenError(error: Error): CliError | undefined {
  if (error.name !== "OidcError" && error.name !== "TokenError") return undefined;
  const known = "requestId" in error && typeof error.requestId === "string" ? error.requestId : undefined;
  // Said once: the client puts the id into its sentence.
  const requestId = known !== undefined && error.message.includes(known) ? undefined : known;
  const details = "errors" in error && Array.isArray(error.errors) ? error.errors.map(String) : [];
  return new CliError(error.message, { requestId, details, cause: error });
}

/** `ConfigError` of `@postern/server`: a setting, what is wrong with it, and an example. */
function describeConfigError(error: Error): CliError | undefined {
  if (error.name !== "ConfigError" || !("setting" in error)) return undefined;
  const example = "example" in error && typeof error.example === "string" ? error.example : undefined;
  const sentence = example === undefined ? error.message : error.message.replace(`. For example: ${example}`, ".");
  return new CliError(sentence, {
    ...(example === undefined ? {} : { next: example.charAt(0).toUpperCase() + example.slice(1) }),
    // A folder or port that is in use is a state of this machine, not a wrong word.
    exitCode: error.setting === "data" || / is taken /.test(error.message) ? 1 : 2,
    cause: error,
  });
}

/** What `fetch` throws: a `TypeError` whose cause says why, or an `AbortError`. */
function describeNetworkError(error: Error): CliError | undefined {
  if (error.name === "AbortError" || /^stopped by SIG/.test(error.message)) {
    return new CliError("Stopped before it was done.", { cause: error });
  }
  if (error.name === "TimeoutError") {
    return new CliError("The server did not answer in time.", { next: "Try again.", cause: error });
  }
  if (error.name !== "TypeError" || !/fetch failed|terminated/.test(error.message)) return undefined;
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = codeOf(cause);
  const at = "address" in cause && "port" in cause ? ` at ${String(cause.address)}:${String(cause.port)}` : "";
  switch (code) {
    case "ECONNREFUSED":
      return new CliError(`Nobody is listening${at}.`, {
        next: "Start the server (`postern serve`), or point HF_ENDPOINT at it.",
        cause: error,
      });
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new CliError(`The host ${"hostname" in cause ? String(cause.hostname) : ""} was not found.`, {
        next: "Check HF_ENDPOINT and your network.",
        cause: error,
      });
    default:
      return new CliError(`The connection failed: ${cause.message}.`, {
        next: "Check HF_ENDPOINT and your network, then try again.",
        cause: error,
      });
  }
}

/** Errors of the file system: the path is in `path`. */
function describeSystemError(error: Error): CliError | undefined {
  const code = codeOf(error);
  const path = "path" in error && typeof error.path === "string" ? error.path : "the file";
  switch (code) {
    case "ENOENT":
      return new CliError(`${path} does not exist.`, { next: "Check the path.", cause: error });
    case "EACCES":
    case "EPERM":
      return new CliError(`${path} may not be opened.`, { next: "Check its permissions.", cause: error });
    case "ENOSPC":
      return new CliError("The disk is full.", { next: "Make room, then run it again.", cause: error });
    case "EISDIR":
    case "ENOTDIR":
      return new CliError(`${path} is not what was expected: ${code === "EISDIR" ? "a folder" : "no folder"}.`, {
        next: "Check the path.",
        cause: error,
      });
    default:
      return undefined;
  }
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
