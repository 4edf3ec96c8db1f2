import { tokenKindOf } from "@postern/core/token/token-format";
import { digestOfToken, sameDigest } from "./token-digest.ts";
import { idOfDigest } from "./token-id.ts";
import type { PersonalToken, StoredGrant, TokenStore } from "./token-store.ts";

/** A token that this deployment made; whether it is still good is another question (`isLive`). */
export type FoundToken =
  | { readonly kind: "grant"; readonly grant: StoredGrant }
  | { readonly kind: "personal"; readonly token: PersonalToken };

/** Finds what a token's text stands for; `undefined` when it is none of ours. */
export async function findToken(
  text: string,
  tokens: Pick<TokenStore, "findGrant" | "findPersonalByDigest">,
): Promise<FoundToken | undefined> {
  const kind = tokenKindOf(text);
  if (kind === undefined) return undefined;
  const digest = digestOfToken(text);
  if (kind === "personal") {
    const token = await tokens.findPersonalByDigest(digest);
    return token === undefined ? undefined : { kind: "personal", token };
  }
  const unverifiedId = kind === "repo" ? unverifiedTokenId(text) : idOfDigest(digest);
  const grant = unverifiedId === undefined ? undefined : await tokens.findGrant(unverifiedId);
  // The id only chose the row; that the whole text has the stored digest is the proof, so no signature needs checking here.
  return grant === undefined || !sameDigest(grant.digest, digest) ? undefined : { kind: "grant", grant };
}

/** `jti` in the payload of `hf_jwt_…`, believed by nobody yet. */
function unverifiedTokenId(text: string): string | undefined {
  const payload = text.split(".", 2)[1];
  if (payload === undefined) return undefined;
  try {
    const claims: { readonly jti?: unknown } | null = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims?.jti === "string" ? claims.jti : undefined;
  } catch {
    return undefined;
  }
}
