/** Stable reasons why a stored or given token cannot be used. */
export type TokenErrorCode = "token_blank" | "token_file_unreadable";

/** A token that was given or stored and cannot be used; the message holds no token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly code: TokenErrorCode;

  constructor(code: TokenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
