/** `hf_jwt_` + an ES256 JWT: good for one repo, made by token exchange. */
export const REPO_TOKEN_PREFIX = "hf_jwt_";
/** `hf_oauth_` + 43 random characters: acts for a user with limited scope. */
export const USER_TOKEN_PREFIX = "hf_oauth_";
/** `hf_` + 34 random characters: a personal access token. */
export const PERSONAL_TOKEN_PREFIX = "hf_";

export type TokenKind = "repo" | "user" | "personal";

/** Longest token that is looked at; anything longer is no token of ours. */
export const MAX_TOKEN_LENGTH = 8192;

/**
 * Tells the kinds apart by prefix alone; proves nothing.
 *
 * @returns `undefined` when `text` cannot be a token: wrong prefix, a character outside `A-Z a-z 0-9 . _ -`, or too long.
 */
export function tokenKindOf(text: string): TokenKind | undefined {
  if (text.length > MAX_TOKEN_LENGTH || !/^hf_[A-Za-z0-9._-]+$/.test(text)) return undefined;
  if (text.startsWith(REPO_TOKEN_PREFIX)) return "repo";
  if (text.startsWith(USER_TOKEN_PREFIX)) return "user";
  return "personal";
}
