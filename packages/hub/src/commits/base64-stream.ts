import { HubError } from "@postern/core/error/hub-error";

/** Decodes base64 (RFC 4648 §4) in pieces. Unlike `Buffer.from` it skips nothing: damage must not be stored as a shorter file. */
export class Base64Stream {
  /** Up to three characters that wait for the rest of their group. */
  #rest = "";
  #padded = false;

  /** @throws {HubError} 400. */
  decode(part: Buffer): Buffer {
    const text = this.#rest + part.toString("latin1");
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    if (whole === 0) return Buffer.alloc(0);
    const groups = text.slice(0, whole);
    if (this.#padded || !/^[A-Za-z0-9+/]*={0,2}$/.test(groups)) throw notBase64();
    this.#padded = groups.endsWith("=");
    return Buffer.from(groups, "base64");
  }

  /** @throws {HubError} 400 when a group is not complete. */
  end(): void {
    if (this.#rest !== "") throw notBase64();
  }
}

/** The refusal of content that is no base64. */
export function notBase64(): HubError {
  return new HubError(400, "BadRequest", "The content of a file in this commit is no base64.");
}
