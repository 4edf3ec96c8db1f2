import { CliError } from "../failure/cli-error.ts";
import { isRecord, type JsonRecord, textIn } from "../http/json-value.ts";
import { responseFailure } from "../http/response-failure.ts";

/** Calls the demo's hub as one person. */
export interface HubCaller {
  call(method: "GET" | "POST", path: string, body?: JsonRecord): Promise<unknown>;
}

export function hubCaller(url: string, token: string, signal: AbortSignal, send: typeof fetch): HubCaller {
  return {
    call: async (method, path, body) => {
      const response = await send(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw await responseFailure(response, new URL(url).host);
      const text = await response.text();
      return text === "" ? {} : JSON.parse(text);
    },
  };
}

/** A token for `user`, made by an administrator. */
export async function tokenFor(admin: HubCaller, user: string): Promise<string> {
  const answer = await admin.call("POST", "/api/postern/v1/tokens", { user, role: "write", name: "demo" });
  const token = isRecord(answer) ? textIn(answer, "token") : undefined;
  if (token === undefined) throw new CliError("The hub made a token but did not send it.");
  return token;
}
