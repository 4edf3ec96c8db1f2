import { REPO_TOKEN_PREFIX } from "@postern/core/token/token-format";

/**
 * The key thumbprint that a token says it is bound to (`cnf.jkt`, RFC 9449 §6.1); `undefined` for a bearer token.
 *
 * Nothing is verified here, and nothing needs to be: a text whose binding was taken out or changed has another digest than the stored
 * token, so it is nobody's token (`findToken`).
 */
export function unverifiedBinding(token: string): string | undefined {
  if (!token.startsWith(REPO_TOKEN_PREFIX)) return undefined;
  try {
    const claims: { readonly cnf?: { readonly jkt?: unknown } } | null = JSON.parse(
      Buffer.from(token.split(".", 2)[1] ?? "", "base64url").toString("utf8"),
    );
    const bound = claims?.cnf;
    if (bound === undefined) return undefined;
    return typeof bound?.jkt === "string" ? bound.jkt : "unreadable";
  } catch {
    return undefined;
  }
}
