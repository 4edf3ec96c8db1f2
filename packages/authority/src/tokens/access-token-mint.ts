import { pluralOf } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { REPO_TOKEN_PREFIX, USER_TOKEN_PREFIX } from "@postern/core/token/token-format";
import type { KeyRing } from "./key-ring.ts";
import type { RandomBytes } from "./random-bytes.ts";
import { jwtHeaderOf, signJwt } from "./sign-jwt.ts";
import type { SigningKey } from "./signing-key.ts";
import { digestOfToken } from "./token-digest.ts";
import { idOfDigest, timeOrderedId } from "./token-id.ts";
import type { MintedToken, TokenMint } from "./token-mint.ts";

type MintRequest = Parameters<TokenMint["mint"]>[0];

export interface AccessTokenMintDeps {
  readonly keyRing: KeyRing;
  /** `iss` and `aud` of the tokens; no trailing slash. */
  readonly publicUrl: string;
  readonly randomBytes: RandomBytes;
}

/** Makes the tokens that an exchange hands out. Stores nothing. */
export class AccessTokenMint implements TokenMint {
  readonly #keyRing: KeyRing;
  #signer: { readonly key: SigningKey; readonly encodedHeader: string };
  readonly #publicUrl: string;
  readonly #randomBytes: RandomBytes;

  constructor({ keyRing, publicUrl, randomBytes }: AccessTokenMintDeps) {
    this.#keyRing = keyRing;
    this.#signer = signerOf(keyRing.current);
    this.#publicUrl = publicUrl;
    this.#randomBytes = randomBytes;
  }

  mint(request: MintRequest): MintedToken {
    if (request.target.kind === "user") {
      const text = `${USER_TOKEN_PREFIX}${Buffer.from(this.#randomBytes(32)).toString("base64url")}`;
      const digest = digestOfToken(text);
      return { tokenId: idOfDigest(digest), text, digest };
    }
    const { repo, repoId } = request.target;
    const tokenId = timeOrderedId(request.issuedAt, this.#randomBytes(16));
    const { current } = this.#keyRing;
    if (this.#signer.key !== current) this.#signer = signerOf(current);
    const { key, encodedHeader } = this.#signer;
    const jwt = signJwt(
      {
        iss: this.#publicUrl,
        aud: this.#publicUrl,
        sub: `${pluralOf(repo.kind)}/${repoIdOf(repo)}`,
        jti: tokenId,
        iat: request.issuedAt,
        nbf: request.issuedAt,
        exp: request.expiresAt,
        scope: `repo:${request.access}`,
        repo_id: repoId,
        publisher_id: request.publisherId,
        ...(request.boundTo === undefined ? {} : { cnf: { jkt: request.boundTo } }),
      },
      encodedHeader,
      key,
    );
    const text = `${REPO_TOKEN_PREFIX}${jwt}`;
    return { tokenId, text, digest: digestOfToken(text) };
  }
}

function signerOf(key: SigningKey): { readonly key: SigningKey; readonly encodedHeader: string } {
  return { key, encodedHeader: jwtHeaderOf(key) };
}
