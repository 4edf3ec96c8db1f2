import { createCipheriv, createDecipheriv, createPrivateKey, hkdfSync, type KeyObject } from "node:crypto";
import type { RandomBytes } from "./random-bytes.ts";

const CIPHER = "aes-256-gcm";
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/**
 * Encrypts a private key for storage: 12 bytes nonce, PKCS #8 under AES-256-GCM, 16 bytes tag.
 *
 * `kid` is bound in as associated data, so a sealed key cannot be put in another key's row.
 */
export function sealPrivateKey(key: KeyObject, kid: string, secret: Uint8Array, randomBytes: RandomBytes): Uint8Array {
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv(CIPHER, wrappingKey(secret), nonce);
  cipher.setAAD(Buffer.from(kid));
  const plain = key.export({ format: "der", type: "pkcs8" });
  const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  plain.fill(0);
  return sealed;
}

/** @throws {Error} when the secret is another one, or the row was tampered with. */
export function openPrivateKey(sealed: Uint8Array, kid: string, secret: Uint8Array): KeyObject {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv(CIPHER, wrappingKey(secret), bytes.subarray(0, NONCE_LENGTH), {
    authTagLength: TAG_LENGTH,
  });
  decipher.setAAD(Buffer.from(kid));
  decipher.setAuthTag(bytes.subarray(-TAG_LENGTH));
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE_LENGTH, -TAG_LENGTH)), decipher.final()]);
    return createPrivateKey({ key: plain, format: "der", type: "pkcs8" });
  } catch (cause) {
    throw new Error(`signing key ${kid} cannot be opened: this is not the secret it was sealed with`, { cause });
  }
}

/** One secret serves several purposes; each gets its own key (RFC 5869). */
function wrappingKey(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), "postern signing keys v1", 32));
}
