import { OidcError } from "../error/oidc-error.ts";

/** Bytes of an answer, after decompression, beyond which it is no honest token response. */
export const MAX_RESPONSE_BYTES = 262_144;

/** @throws {OidcError} `response_too_large`; the rest of the body is then never read. */
export async function readCapped(response: Response, host: string): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let size = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > MAX_RESPONSE_BYTES) {
      await reader.cancel().catch(() => undefined);
      throw new OidcError(
        "response_too_large",
        `${host} answered with more than ${MAX_RESPONSE_BYTES} bytes. Check that the URL is that of a hub.`,
        { status: response.status },
      );
    }
    text += decoder.decode(value, { stream: true });
  }
}
