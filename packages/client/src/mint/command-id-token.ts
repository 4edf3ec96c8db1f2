import { OidcError } from "../error/oidc-error.ts";
import { type CallLimits, cutShort, within } from "../http/call-limits.ts";
import { cleanLine } from "../http/server-words.ts";
import { maskSecret } from "../masking/github-mask.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

/** A command of the provider that prints an id token, and what to say when it does not. */
export interface IdTokenCommand {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly audience: string;
  /** Sentences that end the message. */
  readonly whenMissing: string;
  readonly whenRefused: string;
}

/** Asks the provider's own command. @throws {OidcError} `mint_command_missing`, `mint_failed`, `timed_out`. */
export async function idTokenOfCommand(asked: IdTokenCommand, runtime: Runtime, limits: CallLimits): Promise<string> {
  const { title, command, args, audience } = asked;
  const what = `The command ${command} for a ${title} id token`;
  if (limits.signal.aborted) throw cutShort(limits, what);
  const running = runtime.runCommand(command, args, runtime.environment, limits.signal).catch(() => {
    // The system's own words repeat the arguments.
    throw limits.signal.aborted
      ? cutShort(limits, what)
      : new OidcError("mint_failed", `\`${command}\` could not be run. Check that it is executable.`);
  });
  const outcome = await within(running, limits, what);
  if (outcome.kind === "not-found") {
    throw new OidcError(
      "mint_command_missing",
      `${title} issues id tokens through its command \`${command}\`, which is not on this job's PATH. ${asked.whenMissing}`,
    );
  }
  if (outcome.exitCode !== 0) {
    const said = cleanLine(outcome.stderr);
    throw new OidcError(
      "mint_failed",
      `${title} issued no id token: \`${command}\` ended with exit code ${outcome.exitCode}${said === undefined ? "" : ` (${said})`}. ${asked.whenRefused}`,
    );
  }
  const token = cleanToken(outcome.stdout);
  const claims = token === undefined ? undefined : readUnverifiedClaims(token);
  if (token === undefined || !claims?.audiences.includes(audience)) {
    throw new OidcError(
      "mint_failed",
      `\`${command}\` printed no id token for ${audience}. Update it: \`${[command, ...args].join(" ")}\` must print the token alone.`,
    );
  }
  maskSecret(token, runtime);
  return token;
}
