import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import { sendRequest } from "../http/send-request.ts";
import { readServerWords } from "../http/server-words.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";

/**
 * Ends a token at once (RFC 7009 §2.1). Holding it is all the authority that this needs; revoking twice does no harm.
 *
 * @throws {OidcError} `invalid_option`, `revocation_failed`, and those of `sendRequest`.
 */
export async function revokeToken(
  { token, endpoint }: { readonly token: string; readonly endpoint: string },
  runtime: Runtime,
  limits: CallLimits,
): Promise<void> {
  const text = cleanToken(token);
  if (text === undefined) throw new OidcError("invalid_option", "The token to revoke is blank.");
  const { status, headers, body } = await sendRequest(
    {
      method: "POST",
      url: `${endpoint}/oauth/revoke`,
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ token: text }).toString(),
      retryStatuses: new Set([429, 503]),
      retryWithoutAnswer: true,
      name: "The revocation",
    },
    runtime,
    limits,
  );
  if (status >= 200 && status <= 299) return;
  const words = readServerWords(status, headers, body);
  throw new OidcError(
    "revocation_failed",
    `${new URL(endpoint).host} did not revoke the token (status ${status}); it works until it expires.`,
    words,
  );
}
