import type { Brand } from "../brand/brand.ts";

/** The text of `iss`: compared byte for byte, so a trailing slash counts. */
export type IssuerUrl = Brand<string, "IssuerUrl">;

/**
 * An absolute `http(s)` URL of at most 512 printable ASCII characters, without user info, query or fragment.
 *
 * Whether plain `http` or a private host may be used is decided where a connection is made, not here.
 *
 * @returns `undefined` when `text` is anything else; the text is kept exactly as it came.
 */
export function parseIssuerUrl(text: string): IssuerUrl | undefined {
  if (text.length > 512 || !/^https?:\/\/[\x21-\x7e]+$/.test(text)) return undefined;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || text.includes("?") || text.includes("#") || text.includes("\\"))
    return undefined;
  return text as IssuerUrl;
}
