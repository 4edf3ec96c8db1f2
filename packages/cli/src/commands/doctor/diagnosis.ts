import type { ClaimSet } from "@postern/core/claims/claim-set";
import { showClaimValue } from "@postern/core/match/explain-check";
import type { ProviderPreset } from "@postern/core/provider/provider-preset";
import type { DryRunAnswer } from "../../explain/dry-run.ts";
import { publisherAddCommand } from "../../explain/publisher-add-command.ts";
import { claimsToPin } from "../../explain/unverified-job-claims.ts";
import { isRecord, recordsIn, textIn } from "../../http/json-value.ts";

/** What is wrong, or that nothing is. */
export interface Diagnosis {
  readonly ok: boolean;
  /** `granted`, a code of the hub (`TP1803`), a code of the client (`mint_permission_missing`), or one of our own. */
  readonly code: string;
  /** One sentence: what is so, and what to change. */
  readonly sentence: string;
  /** A command that somebody may run to change it. */
  readonly command?: string | undefined;
}

/** Puts the hub's answer in advance into one sentence for the job's author. */
export function diagnose(
  answer: DryRunAnswer,
  job: {
    readonly preset: ProviderPreset;
    readonly claims: ClaimSet;
    readonly endpoint: string;
    readonly resource: string;
  },
): Diagnosis {
  if (answer.granted) return granted(answer, job.resource);
  const code = textIn(answer, "code") ?? "refused";
  const said = plain(textIn(answer, "message") ?? "The hub refuses this job.").replace(/^\[TP\d+\] /, "");
  const issuer = typeof job.claims.iss === "string" ? job.claims.iss : "";
  switch (code) {
    case "TP1201":
      return {
        ok: false,
        code,
        sentence: `The hub does not know this job's issuer, ${showClaimValue(issuer)}: an administrator must add it.`,
        command: `postern issuer add --provider ${job.preset.id} --url ${showClaimValue(issuer)}`,
      };
    case "TP1501":
    case "TP1502":
    case "TP1503":
      return {
        ok: false,
        code,
        sentence: `${said} The token was requested for ${showClaimValue(job.claims.aud)}, because HF_ENDPOINT is ${job.endpoint}: set HF_ENDPOINT to the hub's own public address.`,
      };
    case "TP1701":
      return { ok: false, code, sentence: said, command: addCommand(job, issuer) };
    default:
      return { ok: false, code, sentence: differenceOf(answer) ?? said };
  }
}

function granted(answer: DryRunAnswer, resource: string): Diagnosis {
  const seconds = typeof answer.would_expire_in === "number" ? answer.would_expire_in : 0;
  const publisher = isRecord(answer.publisher) ? answer.publisher : {};
  const access = textIn(publisher, "access") === "read" ? "reads" : "writes";
  return {
    ok: true,
    code: "granted",
    sentence: `This job gets a token that ${access} ${resource} for ${Math.floor(seconds / 60)} minutes.`,
  };
}

function differenceOf(answer: DryRunAnswer): string | undefined {
  const failed = recordsIn(answer, "checks").filter(({ ok }) => ok !== true);
  if (failed.length === 0) return undefined;
  const parts = failed.map(
    ({ claim, expected, got }) =>
      `${showClaimValue(String(claim))} is ${got === null ? "absent" : showClaimValue(String(got))} where the publisher expects ${showClaimValue(String(expected))}`,
  );
  return `${parts.join("; ")}: change the job, or have the publisher changed (its owner sees this under postern publisher attempts).`;
}

function addCommand(
  job: { readonly preset: ProviderPreset; readonly claims: ClaimSet; readonly resource: string },
  issuer: string,
): string | undefined {
  const place = job.resource.includes("/") ? [job.resource] : ["--user", job.resource];
  const claims = claimsToPin(job.preset, job.claims);
  if (Object.keys(claims).length === 0) return undefined;
  return publisherAddCommand(place, { provider: job.preset.id, issuer, claims });
}

/** Words from outside reach a terminal and a Markdown file: printable ASCII only. */
function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}
