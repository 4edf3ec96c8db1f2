/**
 * The token in an `Authorization` header: `Bearer TOKEN` (RFC 6750 §2.1), `DPoP TOKEN` (RFC 9449 §7.1), or `Basic` with any user name and the token as password
 * (RFC 7617 §2), which is how git and git-lfs send it.
 *
 * @returns `undefined` when the header is anything else.
 */
export function tokenInAuthorization(header: string): string | undefined {
  const [, scheme, credentials] = /^([A-Za-z]+) +(\S+)$/.exec(header) ?? [];
  if (scheme === undefined || credentials === undefined) return undefined;
  switch (scheme.toLowerCase()) {
    case "bearer":
    case "dpop":
      return credentials;
    case "basic":
      return passwordIn(credentials);
    default:
      return undefined;
  }
}

function passwordIn(credentials: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials)) return undefined;
  const pair = Buffer.from(credentials, "base64").toString("latin1");
  const colon = pair.indexOf(":");
  return colon < 0 ? undefined : pair.slice(colon + 1);
}
