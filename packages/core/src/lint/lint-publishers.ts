import type { Publisher } from "../publisher/publisher.ts";
import type { FindingSeverity, PublisherFinding } from "./publisher-finding.ts";
import { type LintFacts, PUBLISHER_RULES, presetOf } from "./publisher-rules.ts";

export interface LintSubject extends Omit<LintFacts, "publishers"> {
  /** Every publisher of one resource; those that are switched off are not judged. */
  readonly publishers: readonly Publisher[];
  /** Live personal tokens that may still write here beside the publishers; `undefined` where that is no question. */
  readonly writingTokens: number | undefined;
}

const ORDER: Readonly<Record<FindingSeverity, number>> = { error: 0, warning: 1, advice: 2 };

/** Holds every publisher of one resource against every rule; most severe first, then in the order of the publishers. */
export function lintPublishers({ publishers, writingTokens, ...known }: LintSubject): readonly PublisherFinding[] {
  const enabled = publishers.filter((publisher) => publisher.enabled);
  const facts: LintFacts = { ...known, publishers: enabled };
  const findings = enabled.flatMap((publisher) =>
    PUBLISHER_RULES.flatMap(({ id, severity, fix, find }): readonly PublisherFinding[] => {
      const message = find(publisher, presetOf(publisher), facts);
      return message === undefined ? [] : [{ rule: id, severity, publisherId: publisher.id, message, fix }];
    }),
  );
  return [...findings, ...classicTokens(enabled, writingTokens)].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

/** The attack: a long-lived token left over from before the publishers is stolen, and none of their conditions applies to it. */
function classicTokens(enabled: readonly Publisher[], writingTokens: number | undefined): readonly PublisherFinding[] {
  const publishes = enabled.some(({ access, lastUsedAt }) => access === "write" && lastUsedAt !== undefined);
  if (!publishes || writingTokens === undefined || writingTokens === 0) return [];
  return [
    {
      rule: "classic-tokens",
      severity: "warning",
      publisherId: undefined,
      message: `Jobs publish here without a secret, yet ${writingTokens} personal ${
        writingTokens === 1 ? "token" : "tokens"
      } may still write.`,
      fix: "Revoke them, or switch on trusted publishing only: postern repo settings REPO --trusted-publishing-only on",
    },
  ];
}
