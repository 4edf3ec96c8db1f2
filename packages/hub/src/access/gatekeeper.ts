import type { Principal } from "@postern/core/access/principal";

/** Port: who is asking. The authority implements it. */
export interface Gatekeeper {
  /**
   * Anonymous when no header was sent. Takes Bearer and Basic (any user name, token as password).
   *
   * @throws {HubError} 401 `InvalidCredentials` when credentials were sent that are malformed, unknown, expired or revoked.
   */
  identify(authorization: string | undefined): Promise<Principal>;
  /** False once the token is revoked or expired; asked whenever a signed URL that the token caused is used. */
  isTokenLive(tokenId: string): Promise<boolean>;
  /** False when the token is pinned to another source address; asked with `isTokenLive`. */
  worksFrom(tokenId: string, sourceAddress: string | undefined): Promise<boolean>;
  /** Whether a user or organisation of that name exists, in the stored spelling; repos live only under one. */
  findAccount(name: string): Promise<string | undefined>;
  /** A person, in the stored spelling; `undefined` for an organisation. */
  findUser(name: string): Promise<{ readonly name: string; readonly fullname: string } | undefined>;
}
