import { defaultIssuerOf } from "@postern/core/provider/issuer-of-provider";
import { parseProviderId } from "@postern/core/provider/provider-id";
import type { ClaimValue } from "@postern/core/publisher/publisher";

export interface WantedPublisher {
  readonly provider: string;
  readonly issuer: string;
  readonly claims: Readonly<Record<string, ClaimValue>>;
}

/**
 * The command that adds a publisher, ready to paste.
 *
 * The attack: a job chooses its branch and file names, and an owner pastes the line into a shell. So every value is quoted, and a value
 * that holds more than printable ASCII gets no command.
 *
 * @param place - `NAMESPACE/NAME`, `datasets/NAMESPACE/NAME` or `--user NAME`, as words.
 */
export function publisherAddCommand(place: readonly string[], wanted: WantedPublisher): string | undefined {
  const claims = Object.entries(wanted.claims).flatMap(([name, value]) => [
    "--claim",
    typeof value === "string" ? `${name}=${value}` : `${name}:=${value}`,
  ]);
  const provider = parseProviderId(wanted.provider);
  const usual = provider === undefined ? undefined : defaultIssuerOf(provider);
  const issuer = usual === wanted.issuer ? [] : ["--issuer", wanted.issuer];
  const words = ["postern", "publisher", "add", ...place, "--provider", wanted.provider, ...issuer, ...claims];
  return words.every((word) => /^[\x20-\x7e]*$/.test(word)) ? words.map(quote).join(" ") : undefined;
}

/** For a POSIX shell: inside single quotes nothing is special but the quote itself. */
function quote(word: string): string {
  return /^[A-Za-z0-9_./:@=+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
