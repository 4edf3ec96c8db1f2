import type { IssuerUrl } from "@postern/core/issuer/issuer-url";
import { showClaimValue } from "@postern/core/match/explain-check";
import { PRESETS } from "@postern/core/provider/presets";
import type { ProviderId } from "@postern/core/provider/provider-id";
import type { ProviderPreset } from "@postern/core/provider/provider-preset";
import type { ClaimValue, Publisher } from "@postern/core/publisher/publisher";
import type { Attempt } from "./attempt.ts";
import { identityNames } from "./describe-attempt.ts";

/** What an owner can do about an attempt. */
export type OwnerAdvice =
  /** A publisher that would have let the job in. */
  | {
      readonly kind: "use-these-values";
      readonly provider: ProviderId;
      readonly issuer: IssuerUrl;
      readonly claims: Readonly<Record<string, ClaimValue>>;
      /** The publisher that it would take the place of. */
      readonly replaces: string | undefined;
    }
  /** Whoever sent this is somebody else: taking over the values would hand them the resource. */
  | { readonly kind: "takeover"; readonly warning: string };

type Claims = Readonly<Record<string, ClaimValue>>;

/**
 * Turns an attempt into a publisher, unless its immutable ids say that it came from another project or another owner than the
 * publishers trust: a name can be registered again by a stranger (trusted-publishing §3, 1 and 2).
 *
 * @param publishers - Of the resource, as they are now.
 * @returns `undefined` when no publisher would have helped, as with an expired token.
 */
export function adviseOwner(attempt: Attempt, publishers: readonly Publisher[]): OwnerAdvice | undefined {
  if (!/^TP1(?:701|8\d\d|912)$/.test(attempt.code)) return undefined;
  const preset = PRESETS[attempt.provider];
  const own = publishers.filter(({ provider, issuer }) => provider === attempt.provider && issuer === attempt.issuer);
  const nearest = own.find(({ id }) => id === attempt.publisherId);
  if (nearest !== undefined && attempt.code === "TP1912") return warnOfTransfer(attempt, nearest);
  if (nearest !== undefined) return correct(attempt, nearest, preset);
  const strange = own.find(({ claims }) => differingId(claims, attempt.claims, preset) !== undefined);
  if (strange !== undefined) return warnOf(attempt, strange, preset);
  return { ...adviceFor(attempt, firstPublisher(attempt, preset)), replaces: undefined };
}

function correct(attempt: Attempt, publisher: Publisher, preset: ProviderPreset): OwnerAdvice | undefined {
  if (differingId(publisher.claims, attempt.claims, preset) !== undefined) return warnOf(attempt, publisher, preset);
  const claims: Record<string, ClaimValue> = { ...publisher.claims };
  for (const { claim, got, ok } of attempt.checks) {
    if (ok) continue;
    const sent = attempt.claims[claim];
    if (sent !== undefined) claims[claim] = sent;
    else if (got === null) delete claims[claim];
    // Too long to have been kept whole.
    else return undefined;
  }
  return { ...adviceFor(attempt, claims), replaces: publisher.id };
}

function firstPublisher({ claims }: Attempt, preset: ProviderPreset): Claims {
  const names = [...identityNames(preset), "workflow", "branch", "tag", "environment"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = claims[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function adviceFor({ provider, issuer }: Attempt, claims: Claims) {
  return { kind: "use-these-values", provider, issuer, claims } as const;
}

function warnOf(attempt: Attempt, { claims, id }: Publisher, preset: ProviderPreset): OwnerAdvice {
  const name = differingId(claims, attempt.claims, preset) ?? "";
  const sameName = identityNames(preset).find(
    (claim) =>
      !idNames(preset).includes(claim) && claims[claim] !== undefined && claims[claim] === attempt.claims[claim],
  );
  const ids = `${name} is ${showClaimValue(attempt.claims[name])}, the publisher ${id} expects ${showClaimValue(claims[name])}`;
  const warning =
    sameName === undefined
      ? `This job belongs to somebody else: ${ids}. Do not add it unless you know that project.`
      : `This job carries the name ${showClaimValue(claims[sameName])} with another id: ${ids}. The name may have been registered again by a stranger. Do not take these values over before you have asked the project's owner.`;
  return { kind: "takeover", warning };
}

/** The values are confirmed where they are shown beside the old ones, and are never handed out here to be pasted. */
function warnOfTransfer({ checks }: Attempt, { id }: Publisher): OwnerAdvice {
  const differences = checks
    .filter(({ ok }) => !ok)
    .map(({ claim, expected, got }) => {
      const sent = got === null ? "nothing" : showClaimValue(got);
      return `${claim} is ${sent}, the publisher ${id} expects ${showClaimValue(expected)}`;
    });
  const what = differences.length === 0 ? "this job is as the publisher expects it" : differences.join("; ");
  return {
    kind: "takeover",
    warning: `The project was transferred to another owner: ${what}. If you know the new owner, look at the change and confirm it with postern publisher confirm; if not, remove the publisher.`,
  };
}

/** The first immutable id that the publisher pins and the job does not have. */
function differingId(pinned: Claims, sent: Claims, preset: ProviderPreset): string | undefined {
  return idNames(preset).find((name) => pinned[name] !== undefined && pinned[name] !== sent[name]);
}

function idNames({ tenantClaims, proofs }: ProviderPreset): readonly string[] {
  return tenantClaims.length > 0 ? tenantClaims : proofs.flat();
}
