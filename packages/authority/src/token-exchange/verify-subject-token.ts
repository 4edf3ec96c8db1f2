import type { Brand } from "@postern/core/brand/brand";
import { checkAudience } from "@postern/core/claims/audience";
import type { ClaimSet } from "@postern/core/claims/claim-set";
import { readClaim } from "@postern/core/claims/read-claim";
import { checkTokenTimes, type TokenTimes } from "@postern/core/claims/token-times";
import type { Issuer } from "@postern/core/issuer/issuer";
import { type IssuerUrl, parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { showClaimValue } from "@postern/core/match/explain-check";
import { PRESETS } from "@postern/core/provider/presets";
import type { ProviderPreset, SigningAlgorithm } from "@postern/core/provider/provider-preset";
import type { Clock } from "@postern/core/time/clock";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { IssuerStore } from "../issuers/issuer-store.ts";
import { exchangeRefusal, type RefusalEvidence } from "./exchange-refusal.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { replayKeyOf } from "./replay-key.ts";
import { parseUnverifiedSubjectToken, type UnverifiedSubjectToken } from "./unverified-subject-token.ts";
import { verifySignature } from "./verify-signature.ts";

/** A subject token whose signature, times and audience hold (but see `foreignAudience`). Only `verifySubjectToken` makes one. */
export type VerifiedSubjectToken = Brand<
  {
    readonly issuer: Issuer;
    readonly preset: ProviderPreset;
    readonly claims: ClaimSet;
    readonly subject: string;
    readonly hasJti: boolean;
    readonly replayKey: string;
    readonly times: TokenTimes;
    /** Set where the token is meant for something else: it then counts for publishers only that name exactly this audience. */
    readonly foreignAudience: string | undefined;
  },
  "VerifiedSubjectToken"
>;

export interface VerificationDeps {
  readonly clock: Clock;
  readonly issuers: Pick<IssuerStore, "findByUrl">;
  readonly keys: IssuerKeys;
  /** The texts of `aud` that mean this deployment: its public URL and configured aliases. */
  readonly audiences: ReadonlySet<string>;
}

/**
 * Verifies a subject token in a fixed order: syntax, issuer, algorithm, key, signature, times, audience (RFC 7519 §7.2). Each step
 * uses only what the steps before it have proved.
 *
 * @param askForUnknownKey - Whether a key that is not known may cause a question to the issuer.
 * @throws {OAuthError} `invalid_grant` TP11xx to TP15xx; `temporarily_unavailable` TP1303 when the issuer's keys cannot be fetched.
 */
export async function verifySubjectToken(
  text: string,
  deps: VerificationDeps,
  askForUnknownKey = true,
): Promise<VerifiedSubjectToken> {
  const token = parseUnverifiedSubjectToken(text);
  const issuer = await findIssuer(token.unverifiedIssuer, deps);
  const preset = PRESETS[issuer.provider];
  const alg = chooseAlgorithm(token, preset);
  await proveSignature(token, issuer, alg, deps.keys, askForUnknownKey);
  // From here on the issuer vouches for the claims, so the caller may learn everything about its own token.
  const claims = token.unverifiedClaims;
  const sub = readClaim(claims, "sub");
  const idClaim = preset.tokenIdClaim ?? "jti";
  const jti = readClaim(claims, idClaim);
  const facts: ProvedFacts = {
    detail: { issuer: issuer.url, subject: typeof sub === "string" ? sub : "" },
    evidence: { issuer, preset, claims, checks: [], publisherId: undefined },
  };
  if (typeof sub !== "string" || sub === "") throw exchangeRefusal("TP1107", { sentence: "It has no sub.", ...facts });
  if (jti !== undefined && typeof jti !== "string")
    throw exchangeRefusal("TP1107", { sentence: `Its ${idClaim} is no string.`, ...facts });
  const times = judgeTimes(claims, preset, deps, facts);
  const foreignAudience = judgeAudience(claims, preset, deps, facts);
  const usableJti = jti === "" ? undefined : jti;
  return {
    issuer,
    preset,
    claims,
    subject: sub,
    hasJti: usableJti !== undefined,
    replayKey: replayKeyOf(usableJti, token.signingInput),
    times,
    foreignAudience,
  } as VerifiedSubjectToken;
}

/** Texts that were parsed before and named a stored issuer, so as many as there are issuers. The row itself is read every time. */
const KNOWN_ISSUERS = new Map<string, IssuerUrl>();

/** The unsigned `iss` chooses a stored row and nothing else; an unknown one causes no outbound request. */
async function findIssuer(unverifiedIssuer: string, deps: VerificationDeps): Promise<Issuer> {
  const url = KNOWN_ISSUERS.get(unverifiedIssuer) ?? parseIssuerUrl(unverifiedIssuer);
  const issuer = url === undefined ? undefined : await deps.issuers.findByUrl(url);
  if (issuer?.enabled === true) {
    KNOWN_ISSUERS.set(unverifiedIssuer, issuer.url);
    return issuer;
  }
  if (issuer !== undefined) throw exchangeRefusal("TP1202", { detail: { unverified_issuer: issuer.url } });
  const shown = showClaimValue(unverifiedIssuer);
  throw exchangeRefusal("TP1201", {
    sentence: `The token says ${shown}.`,
    detail: { unverified_issuer: shown },
  });
}

/** RFC 8725 §3.1: the issuer's policy chooses the algorithm, the token may only agree. */
function chooseAlgorithm({ unverifiedAlg }: UnverifiedSubjectToken, preset: ProviderPreset): SigningAlgorithm {
  const alg = preset.algorithms.find((allowed) => allowed === unverifiedAlg);
  if (alg !== undefined) return alg;
  throw exchangeRefusal("TP1105", { sentence: `The token says ${showClaimValue(unverifiedAlg)}.` });
}

async function proveSignature(
  token: UnverifiedSubjectToken,
  issuer: Issuer,
  alg: SigningAlgorithm,
  keys: IssuerKeys,
  askForUnknownKey: boolean,
): Promise<void> {
  const detail = { unverified_issuer: issuer.url };
  const found = await keys.find(issuer, token.unverifiedKid, alg, askForUnknownKey);
  switch (found.kind) {
    case "unavailable":
      throw exchangeRefusal("TP1303", { detail, retryAfterSeconds: found.retryAfterSeconds });
    case "unknown-key":
      throw exchangeRefusal("TP1301", { detail });
    case "key":
      if (!verifySignature(alg, found.key, token.signingInput, token.signature))
        throw exchangeRefusal("TP1302", { detail });
      return;
    case "held-key":
      // Whoever shows keys of their own at a domain that they took over can sign anything: nothing in this token is proved.
      throw exchangeRefusal(
        verifySignature(alg, found.key, token.signingInput, token.signature) ? "TP1304" : "TP1302",
        { detail },
      );
  }
}

/** What a refusal may carry once the signature holds. */
interface ProvedFacts {
  readonly detail: Readonly<Record<string, unknown>>;
  readonly evidence: RefusalEvidence;
}

function judgeTimes(claims: ClaimSet, preset: ProviderPreset, deps: VerificationDeps, facts: ProvedFacts): TokenTimes {
  const now = deps.clock.now();
  const verdict = checkTokenTimes(claims, now, preset.maxAgeSeconds);
  if (verdict.kind === "valid") return verdict.times;
  const clock = `This server's clock says ${toIsoTime(now)}.`;
  switch (verdict.kind) {
    case "malformed":
      throw exchangeRefusal("TP1405", { sentence: `Look at ${verdict.claim}.`, ...facts });
    case "expired":
      throw exchangeRefusal("TP1401", { sentence: `That was ${verdict.secondsAgo} s ago. ${clock}`, ...facts });
    case "not-yet-valid":
      throw exchangeRefusal("TP1402", { sentence: `It will be in ${verdict.secondsLeft} s. ${clock}`, ...facts });
    case "issued-in-future":
      throw exchangeRefusal("TP1403", { sentence: `Its iat is ${verdict.secondsAhead} s ahead. ${clock}`, ...facts });
    case "too-old":
      throw exchangeRefusal("TP1404", {
        sentence: `It was issued ${verdict.ageSeconds} s ago; at most ${preset.maxAgeSeconds} s are accepted. ${clock}`,
        ...facts,
      });
  }
}

/** @returns the audience when a publisher would have to name it, `undefined` when the token is meant for this deployment. */
function judgeAudience(
  claims: ClaimSet,
  preset: ProviderPreset,
  { audiences }: VerificationDeps,
  facts: ProvedFacts,
): string | undefined {
  const verdict = checkAudience(claims, audiences, preset.extraAudiences?.(claims));
  if (verdict.kind === "accepted") return undefined;
  if (verdict.kind === "other" && preset.publisherAudience !== undefined) return verdict.got;
  const expected = `Expected ${[...audiences].join(" or ")}`;
  switch (verdict.kind) {
    case "missing":
      throw exchangeRefusal("TP1502", { sentence: `${expected}.`, ...facts });
    case "several":
      throw exchangeRefusal("TP1503", { sentence: `${expected}, got ${showClaimValue(verdict.got)}.`, ...facts });
    case "other":
      throw exchangeRefusal("TP1501", { sentence: `${expected}, got ${showClaimValue(verdict.got)}.`, ...facts });
  }
}
