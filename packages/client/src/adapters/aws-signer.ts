import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import type { AwsSigner } from "../mint/aws-signer.ts";

/** AWS's own signer; `undefined` where it is not installed. @throws whatever it throws while it is loaded. */
export async function loadAwsSigner(): Promise<AwsSigner | undefined> {
  const loaded = await import("@smithy/signature-v4").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  });
  if (loaded === undefined) return undefined;
  const { SignatureV4 } = loaded;
  return {
    sign: async ({ url, body, service, region }, { accessKeyId, secretAccessKey, sessionToken }, at) => {
      const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
      const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
      const signed = await signer.sign(
        {
          method: "POST",
          protocol: url.protocol,
          hostname: url.hostname,
          path: url.pathname,
          query: {},
          headers: { host: url.host, "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
          body,
        },
        { signingDate: new Date(at) },
      );
      // `fetch` sets the host by itself and takes no other.
      const { host: _host, ...headers } = signed.headers;
      return headers;
    },
  };
}

type Source = string | ArrayBuffer | ArrayBufferView;

/** Node's SHA-256 in the shape that the signer wants: keyed when it is given a secret. */
class Sha256 {
  readonly #secret: Source | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: Source) {
    this.#secret = secret;
    this.#hash = start(secret);
  }

  update(data: Source): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = start(this.#secret);
  }
}

function start(secret: Source | undefined): Hash | Hmac {
  return secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
}

function bytesOf(data: Source): Buffer {
  if (typeof data === "string") return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
