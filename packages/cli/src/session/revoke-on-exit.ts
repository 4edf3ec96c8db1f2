import type { CliContext } from "../context/cli-context.ts";
import type { Session } from "./session.ts";

/** What a command with `--revoke-on-exit` takes. */
export interface RevokeOption {
  readonly revokeOnExit?: boolean;
}

/**
 * Runs a command's work and then ends the token that it got by a keyless login, also when the work failed or was interrupted by a
 * signal. A stored token is never touched.
 */
export async function withRevocation<T>(
  context: CliContext,
  session: Session,
  { revokeOnExit }: RevokeOption,
  work: () => Promise<T>,
): Promise<T> {
  if (revokeOnExit !== true) return work();
  try {
    return await work();
  } finally {
    // The work has its own verdict; a token that lives on for minutes must not turn a success into a failure.
    await session
      .revoke()
      .catch(() => context.terminal.note("warning: the token could not be revoked; it ends by itself"));
  }
}
