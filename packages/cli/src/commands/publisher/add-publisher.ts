import type { ClaimValue } from "@postern/core/publisher/publisher";
import { parseClaimArguments } from "../../argument/claim-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { cell, type JsonRecord } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";
import { type ClaimFlags, claimsOfFlags } from "./claim-flags.ts";
import { type PublisherTargetOptions, publisherPlace } from "./publisher-path.ts";

export interface NewPublisher extends PublisherTargetOptions, ClaimFlags {
  readonly provider: string;
  readonly claim?: readonly string[];
  readonly issuer?: string;
  readonly access?: string;
  readonly ttl?: string;
  readonly sourceAddress?: readonly string[];
  readonly pinAddress?: boolean;
  readonly pending?: boolean;
  readonly expiresIn?: string;
  readonly private?: boolean;
  readonly audience?: string;
}

/** `POST …/publishers`. The server judges the claims; only what cannot be sent is refused here. */
export async function addPublisher(
  context: CliContext,
  repo: string | undefined,
  options: NewPublisher,
): Promise<void> {
  const place = publisherPlace(repo, options);
  const { access, issuer } = options;
  if (access !== undefined && access !== "read" && access !== "write") {
    throw usageError(`'${access}' is not an access.`, "Use --access read or --access write.");
  }
  const claims = gatherClaims(options);
  const body = {
    provider: options.provider,
    claims,
    ...(issuer === undefined ? {} : { issuer }),
    ...(access === undefined ? {} : { access }),
    ...(options.audience === undefined ? {} : { audience: options.audience }),
    ...(options.sourceAddress === undefined ? {} : { source_addresses: options.sourceAddress }),
    ...(options.pinAddress === true ? { pin_address: true } : {}),
    ...pendingFields(options),
    ...(options.ttl === undefined ? {} : { ttl_seconds: parseSeconds(options.ttl) }),
  };
  const added = await openManagement(context).call(place.path, { method: "POST", body });
  if (options.json === true) {
    context.terminal.json(added);
    return;
  }
  const shown = Object.entries(claims).map(([name, value]) => `${name}=${String(value)}`);
  context.terminal.out(`Added the publisher ${cell(added, "id")} on ${place.words}: ${shown.join(", ")}`);
  if (added.pending === true)
    context.terminal.out(
      `The name is held until ${cell(added, "expires_at")}; the first job that matches makes the repo.`,
    );
  context.terminal.note(`Such a job publishes with HF_OIDC_RESOURCE=${options.user ?? repo ?? ""} and no token.`);
}

/** Every claim that the flags name. @throws {CliError} exit code 2 for none, a doubtful one or the same one twice. */
export function gatherClaims(options: NewPublisher): Readonly<Record<string, ClaimValue>> {
  const claims: Record<string, ClaimValue> = { ...parseClaimArguments(options.claim ?? []) };
  for (const { flag, claim, value } of claimsOfFlags(options.provider, options)) {
    if (claim === undefined) {
      throw usageError(
        `The provider ${options.provider} has no claim for ${flag}.`,
        "Name the claim itself: --claim NAME=VALUE.",
      );
    }
    if (Object.hasOwn(claims, claim)) throw usageError(`The claim '${claim}' is given twice.`, "Keep one of them.");
    claims[claim] = value;
  }
  if (Object.keys(claims).length === 0) {
    throw usageError(
      "A publisher without claims would trust everybody at that issuer.",
      "Give --repository and --repository-id, or --claim NAME=VALUE.",
    );
  }
  return claims;
}

function pendingFields({ pending, expiresIn, private: hidden }: NewPublisher): JsonRecord {
  if (pending !== true) {
    if (expiresIn === undefined && hidden === undefined) return {};
    throw usageError("--expires-in and --private belong to a pending publisher.", "Add --pending.");
  }
  const days = expiresIn === undefined ? undefined : Number(expiresIn);
  if (days !== undefined && !(days > 0 && days <= 90))
    throw usageError(`'${expiresIn}' is no number of days.`, "Use --expires-in with 1 to 90 days.");
  return {
    pending: true,
    ...(days === undefined ? {} : { expires_in_seconds: Math.round(days * 86_400) }),
    ...(hidden === true ? { visibility: "private" } : {}),
  };
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 300 || seconds > 3600) {
    throw usageError(`'${text}' is no life time for a token.`, "Use whole seconds from 300 to 3600.");
  }
  return seconds;
}
