import { generateKeyPairSync, sign } from "node:crypto";
import { preAuthEncoding } from "@postern/core/provenance/dsse";
import type { ProvenanceSigner } from "./provenance-signer.ts";

/** A signer with a key of its own, for tests without an authority. */
export function newSigner(): ProvenanceSigner {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const keyid = "test-key";
  return {
    published: [{ kty: "EC", crv: "P-256", x, y, kid: keyid }],
    sign: (payloadType, payload) => {
      const octets = preAuthEncoding(payloadType, payload);
      const sig = sign("sha256", octets, { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64");
      return { payloadType, payload: Buffer.from(payload).toString("base64"), signatures: [{ keyid, sig }] };
    },
  };
}
