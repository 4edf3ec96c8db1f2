import { checkClaims } from "@postern/core/match/claim-check";
import { showClaimValue } from "@postern/core/match/explain-check";
import { type IdentityDrift, identityDriftOf } from "@postern/core/match/identity-drift";
import { byPrecedence, type PublisherChecks } from "@postern/core/match/match-publishers";
import type { IdentityChange, Publisher } from "@postern/core/publisher/publisher";
import type { VerifiedSubjectToken } from "./verify-subject-token.ts";

/** What becomes of the first exchange of a renamed project whose ids are all as they were. */
export type RenamePolicy = "once" | "never";

/** A publisher whose own project says something else about itself than the publisher does. */
export interface DriftedPublisher extends PublisherChecks {
  readonly drift: IdentityDrift;
}

/** Publishers of the token's own project, the most specific first, whose names or owner are no longer what the token says. */
export function driftedPublishers(
  { preset, claims }: VerifiedSubjectToken,
  publishers: readonly Publisher[],
): readonly DriftedPublisher[] {
  return publishers
    .flatMap((publisher): readonly DriftedPublisher[] => {
      const checks = checkClaims(preset, claims, publisher);
      const drift = identityDriftOf(preset, checks);
      return drift === undefined ? [] : [{ publisher, checks, drift }];
    })
    .sort(byPrecedence);
}

/** May this rename happen without asking? Once, until somebody confirms it, and never while another change waits as a transfer. */
export function isAcceptedRename({ publisher, drift }: DriftedPublisher, policy: RenamePolicy): boolean {
  return (
    policy === "once" && drift.isPureRename && publisher.renamed === undefined && publisher.change?.kind !== "transfer"
  );
}

/** The publisher's claims under their new values. */
export function claimsAfter({ claims }: Publisher, { to }: Pick<IdentityChange, "to">): Publisher["claims"] {
  return { ...claims, ...to };
}

/** `repository was acme/train and is acme/models`, one after the other. */
export function describeChange({ claims }: Publisher, { to }: Pick<IdentityChange, "to">): string {
  return Object.entries(to)
    .map(([name, value]) => `${name} was ${showClaimValue(claims[name])} and is ${showClaimValue(value)}`)
    .join(", ");
}

/** Why a rename has to be confirmed. */
export function whyNotRenamed({ publisher, drift }: DriftedPublisher, policy: RenamePolicy): string {
  const why = !drift.isPureRename
    ? "the publisher pins no owner id, so nobody can tell a rename from a transfer"
    : policy === "never"
      ? "this server accepts no rename by itself"
      : "one rename was accepted already and nobody has confirmed it";
  return `${describeChange(publisher, drift)}; ${why}.`;
}
