import type { Principal } from "@postern/core/access/principal";

/** Port of the HTTP edge: turns an `Authorization` header (Bearer or Basic) into a principal. */
export interface Identifier {
  /**
   * Anonymous when no header was sent.
   *
   * @throws {HubError} 401 `InvalidCredentials` when one was sent that is malformed, unknown, expired or revoked; its message is exactly
   *   `Invalid credentials in Authorization header` (hub-wire §1.2).
   */
  identify(authorization: string | undefined): Promise<Principal>;
}
