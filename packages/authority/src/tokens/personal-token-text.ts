import { PERSONAL_TOKEN_PREFIX, tokenKindOf } from "@postern/core/token/token-format";
import type { RandomBytes } from "./random-bytes.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const RANDOM_LENGTH = 34;
/** Bytes from here on would favour the first letters of the alphabet; they are thrown away. */
const UNBIASED = Math.floor(256 / ALPHABET.length) * ALPHABET.length;
/** Shortest token that somebody may bring along. */
const MIN_GIVEN_LENGTH = 20;

/** `hf_` and 34 random letters and digits: 202 bits. */
export function newPersonalTokenText(randomBytes: RandomBytes): string {
  let text = "";
  while (text.length < RANDOM_LENGTH) {
    for (const byte of randomBytes(RANDOM_LENGTH)) {
      if (byte < UNBIASED && text.length < RANDOM_LENGTH) text += ALPHABET.charAt(byte % ALPHABET.length);
    }
  }
  return `${PERSONAL_TOKEN_PREFIX}${text}`;
}

/** Whether a token that an operator brings along (`POSTERN_ADMIN_TOKEN`) may serve as a personal one. */
export function isPersonalTokenText(text: string): boolean {
  return text.length >= MIN_GIVEN_LENGTH && tokenKindOf(text) === "personal";
}
