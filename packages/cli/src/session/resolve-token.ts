import type { CliContext } from "../context/cli-context.ts";

export interface TokenWish {
  /** The token is what was asked for, so HF_HUB_DISABLE_IMPLICIT_TOKEN does not apply (hub-wire §10.1). */
  readonly askedFor: boolean;
  /** Whether the token stays in this process, which can then prove a key with each request (RFC 9449). One that is printed cannot be bound. */
  readonly staysHere: boolean;
}

/** A token and whether a keyless login of this command made it. */
export interface ResolvedToken {
  readonly text: string;
  readonly isOurs: boolean;
  /** Sends the requests that carry the token; they need a proof when it is bound. */
  readonly fetch: typeof fetch;
  /** Ends it at once. @throws {OidcError} */
  revoke(): Promise<void>;
}

/** Milliseconds for the last request of a command. */
const REVOCATION_DEADLINE_MS = 10_000;

/** The token of this environment, as every Hub client resolves it (hub-wire §10.2). */
export async function resolveToken(
  context: CliContext,
  endpoint: string,
  { askedFor, staysHere }: TokenWish,
): Promise<ResolvedToken | undefined> {
  const { createClient } = await import("@postern/client");
  const client = createClient({ environment: context.env });
  const resolution = await client.resolveToken({
    endpoint,
    signal: context.signal,
    dpop: staysHere,
    ...(askedFor ? { token: true } : {}),
  });
  if (resolution.kind !== "token") return undefined;
  const { token, source } = resolution;
  const prove = resolution.source === "oidc" ? resolution.prove : undefined;
  return {
    text: token,
    isOurs: source === "oidc",
    fetch: prove?.(context.fetch) ?? context.fetch,
    // Without the context's signal: it is needed most after the command was interrupted.
    revoke: () => client.revokeToken({ token, endpoint, deadlineMs: REVOCATION_DEADLINE_MS }),
  };
}
