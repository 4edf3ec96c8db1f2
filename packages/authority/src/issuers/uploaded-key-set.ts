import type { JsonObject } from "@postern/core/claims/claim-set";
import { parseStrictJson } from "@postern/core/claims/strict-json";
import { ApiError } from "@postern/core/error/api-error";
import { PRESETS } from "@postern/core/provider/presets";
import type { ProviderId } from "@postern/core/provider/provider-id";
import { carriesPrivateKey, parseKeySet, publicMembers } from "./key-set.ts";

const MAX_LENGTH = 65_536;
const MAX_DEPTH = 8;
const WHERE = "Give the public keys as the issuer shows them; a Kubernetes cluster: kubectl get --raw /openid/v1/jwks";

/**
 * Reads the `jwks` of an issuer that this server cannot or must not reach. Judged like a fetched set, and stricter: it comes from a
 * person, who can still correct it.
 *
 * @returns JSON of the usable keys, reduced to their public members.
 * @throws {ApiError} `invalid_field` `/jwks`: no key set, more than 50 keys, a private or symmetric key, no key of the provider's
 *   algorithms.
 */
export function parseUploadedKeySet(value: unknown, provider: ProviderId): string {
  const text = toText(value);
  const json = text === undefined || text.length > MAX_LENGTH ? undefined : parseStrictJson(text, MAX_DEPTH);
  if (json?.kind !== "json") throw invalidKeys("The key set is malformed or too large.", WHERE);
  if (carriesPrivateKey(json.value))
    throw invalidKeys(
      "The key set holds a private or symmetric key. It is not stored.",
      "Treat that key as exposed: replace it at the issuer, then upload the public keys only.",
    );
  const keys = parseKeySet(json.value);
  if (keys === undefined) throw invalidKeys("This is no JWK set of at most 50 keys.", WHERE);
  const { algorithms } = PRESETS[provider];
  const usable = keys.filter(({ alg }) => algorithms.includes(alg));
  if (usable.length === 0) throw invalidKeys(`The key set holds no usable key for ${algorithms.join(" or ")}.`, WHERE);
  const stored = usable.map(({ kid, alg, jwk }): JsonObject => {
    return { ...publicMembers(jwk), alg, use: "sig", ...(kid === undefined ? {} : { kid }) };
  });
  return JSON.stringify({ keys: stored });
}

/** `undefined` for what is nested deeply enough to overflow the stack. */
function toText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function invalidKeys(message: string, remedy: string): ApiError {
  return new ApiError("invalid_field", message, { field: "/jwks", remedy });
}
