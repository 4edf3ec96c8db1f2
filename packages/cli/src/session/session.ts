import type { CliContext } from "../context/cli-context.ts";
import { CliError } from "../failure/cli-error.ts";
import { isRecord, type JsonRecord } from "../http/json-value.ts";
import { responseFailure } from "../http/response-failure.ts";
import { type ResolvedToken, resolveToken } from "./resolve-token.ts";

export interface JsonCall {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: JsonRecord;
}

/** One server, one identity. */
export interface Session {
  readonly endpoint: string;
  /** `host:port` of the endpoint, for sentences. */
  readonly host: string;
  /** Adds no token: for calls that bring their own headers. Those that carry this session's token prove its key, where it is bound to one. */
  readonly fetch: typeof fetch;
  /** The resolved token, or `undefined` for an anonymous caller. @throws when the resolution was asked for and failed. */
  token(): Promise<string | undefined>;
  /** Ends the token, if this session got it by a keyless login; does nothing otherwise. @throws {OidcError} */
  revoke(): Promise<void>;
  /** The response as it is, whatever its status. */
  send(path: string, call?: JsonCall): Promise<Response>;
  /** The JSON object of a successful answer, `{}` when it has none. @throws {CliError} when the server refuses. */
  json(path: string, call?: JsonCall): Promise<JsonRecord>;
}

/** @param endpoint - Without a trailing slash. */
export function openSession(
  context: CliContext,
  endpoint: string,
  wish: { readonly askedFor: boolean } = { askedFor: false },
): Session {
  const { host } = new URL(endpoint);
  let resolved: Promise<ResolvedToken | undefined> | undefined;
  const token = async (): Promise<string | undefined> => {
    resolved ??= resolveToken(context, endpoint, { ...wish, staysHere: true });
    return (await resolved)?.text;
  };
  // Whoever has a token to send has waited for it already.
  const proving: typeof fetch = async (input, init) => ((await resolved)?.fetch ?? context.fetch)(input, init);
  const send = async (path: string, call: JsonCall = {}): Promise<Response> => {
    const bearer = await token();
    const headers: Record<string, string> = { accept: "application/json" };
    if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`;
    if (call.body !== undefined) headers["content-type"] = "application/json";
    return proving(`${endpoint}${path}`, {
      method: call.method ?? "GET",
      headers,
      signal: context.signal,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
  };
  return {
    endpoint,
    host,
    fetch: proving,
    token,
    revoke: async () => {
      const current = await resolved?.catch(() => undefined);
      if (current?.isOurs === true) await current.revoke();
    },
    send,
    json: async (path, call) => {
      const response = await send(path, call);
      if (!response.ok) throw await responseFailure(response, host);
      const text = await response.text();
      if (text === "") return {};
      try {
        const body: unknown = JSON.parse(text);
        if (isRecord(body)) return body;
      } catch {
        // Falls through to the sentence below.
      }
      throw new CliError(`${host} did not answer with JSON.`, {
        next: "Check HF_ENDPOINT: is a Postern server listening there?",
        requestId: response.headers.get("x-request-id") ?? undefined,
      });
    },
  };
}
