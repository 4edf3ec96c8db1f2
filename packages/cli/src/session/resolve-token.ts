import type { CliContext } from "../context/cli-context.ts";

export interface TokenWish {
  /** The token is what was asked for, so HF_HUB_DISABLE_IMPLICIT_TOKEN does not apply (hub-wire §10.1). */
  readonly askedFor: boolean;
}

/** A token and whether a keyless login of this command made it. */
export interface ResolvedToken {
  readonly text: string;
  readonly isOurs: boolean;
  /** Ends it at once. @throws {OidcError} */
  revoke(): Promise<void>;
}

/** Milliseconds for the last request of a command. */
const REVOCATION_DEADLINE_MS = 10_000;

/** The token of this environment, as every Hub client resolves it (hub-wire §10.2). */
export async function resolveToken(
  context: CliContext,
  endpoint: string,
  { askedFor }: TokenWish,
): Promise<ResolvedToken | undefined> {
  const { createClient } = await import("@postern/client");
  const client = createClient({ environment: context.env });
  const resolution = await client.resolveToken({
    endpoint,
    signal: context.signal,
    ...(askedFor ? { token: true } : {}),
  });
  if (resolution.kind !== "token") return undefined;
  const { token, source } = resolution;
  return {
    text: token,
    isOurs: source === "oidc",
    // Without the context's signal: it is needed most after the command was interrupted.
    revoke: () => client.revokeToken({ token, endpoint, deadlineMs: REVOCATION_DEADLINE_MS }),
  };
}
