import type { ClaimSet } from "@postern/core/claims/claim-set";
import type { CliContext } from "../../context/cli-context.ts";
import { askDryRun, type DryRunAnswer } from "../../explain/dry-run.ts";
import { checksIn, printChecks } from "../../explain/print-checks.ts";
import { presetFor, readUnverifiedClaims, shownClaims } from "../../explain/unverified-job-claims.ts";
import { CommandExit } from "../../failure/command-exit.ts";
import { describeFailure } from "../../failure/describe-failure.ts";
import { textIn } from "../../http/json-value.ts";
import { DEFAULT_ENDPOINT, endpointOf } from "../../session/endpoint.ts";
import { type Diagnosis, diagnose } from "./diagnosis.ts";
import { appendStepSummary, type Report, shown } from "./step-summary.ts";

export interface DoctorOptions {
  readonly json?: boolean;
}

interface Examined {
  readonly provider: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly answer: DryRunAnswer | undefined;
  readonly diagnosis: Diagnosis;
}

/** Mints, shows, asks, and says what to change. Exit code 0 only when the job would get its token. */
export async function doctor(context: CliContext, argument: string | undefined, options: DoctorOptions): Promise<void> {
  const endpoint = endpointOf(context.env);
  const resource = argument ?? (context.env.HF_OIDC_RESOURCE?.trim() || undefined);
  const { provider, claims, answer, diagnosis } = await examine(context, endpoint, resource);
  const checks = answer === undefined ? [] : checksIn(answer);
  const report: Report = { provider, endpoint, resource, claims, checks, diagnosis };
  if (options.json === true) {
    const requestId = answer === undefined ? undefined : textIn(answer, "request_id");
    const { ok, code, sentence, command } = diagnosis;
    context.terminal.json({
      ok,
      code,
      sentence,
      ...(command === undefined ? {} : { command }),
      provider: provider ?? null,
      endpoint,
      resource: resource ?? null,
      claims,
      checks: answer?.checks ?? [],
      request_id: requestId ?? null,
    });
  } else print(context, report);
  const summary = context.env.GITHUB_STEP_SUMMARY;
  if (summary !== undefined && summary !== "") await appendStepSummary(summary, report);
  if (!diagnosis.ok) throw new CommandExit(1);
}

async function examine(context: CliContext, endpoint: string, resource: string | undefined): Promise<Examined> {
  const { createClient } = await import("@postern/client");
  const client = createClient({ environment: context.env });
  const provider = client.detectProvider();
  const none: Pick<Examined, "provider" | "claims" | "answer"> = { provider, claims: {}, answer: undefined };
  if (endpoint === DEFAULT_ENDPOINT) {
    const sentence = `HF_ENDPOINT is not set, and ${DEFAULT_ENDPOINT} offers no dry run: set HF_ENDPOINT to your hub's public address.`;
    return { ...none, diagnosis: { ok: false, code: "endpoint_missing", sentence } };
  }
  if (resource === undefined) {
    const sentence = "It is not said what to log in to: set HF_OIDC_RESOURCE to a repo such as acme/tiny-model.";
    return { ...none, diagnosis: { ok: false, code: "resource_missing", sentence } };
  }
  let token: string;
  try {
    token = await client.getOidcToken({ audience: endpoint, signal: context.signal });
  } catch (error) {
    return { ...none, diagnosis: failed(error, "mint_failed") };
  }
  const claims: ClaimSet | undefined = readUnverifiedClaims(token);
  const preset = presetFor(provider, claims ?? {});
  const seen = { provider, claims: claims === undefined ? {} : shownClaims(preset, claims) };
  try {
    const answer = await askDryRun(context, endpoint, token, resource);
    return { ...seen, answer, diagnosis: diagnose(answer, { preset, claims: claims ?? {}, endpoint, resource }) };
  } catch (error) {
    return { ...seen, answer: undefined, diagnosis: failed(error, "hub_unreachable") };
  }
}

/** The client's own errors say what to do; everything else is put into words like any failure. */
function failed(error: unknown, otherwise: string): Diagnosis {
  const own = error instanceof Error && error.name === "OidcError" && "code" in error ? String(error.code) : undefined;
  const { message, next, status } = describeFailure(error);
  const code = own ?? (status === 429 ? "rate_limited" : status === undefined ? otherwise : "hub_refused");
  return { ok: false, code, sentence: next === undefined || own !== undefined ? message : `${message} ${next}` };
}

function print({ terminal }: CliContext, { provider, endpoint, resource, claims, checks, diagnosis }: Report): void {
  terminal.out(`provider  ${provider ?? "none found"}`);
  terminal.out(`endpoint  ${endpoint}`);
  terminal.out(`resource  ${resource ?? "-"}`);
  const names = Object.keys(claims);
  if (names.length > 0) {
    const width = Math.max(...names.map((name) => name.length));
    terminal.out("");
    terminal.out(terminal.style("dim", "What the job's id token says:"));
    for (const [name, value] of Object.entries(claims)) terminal.out(`  ${name.padEnd(width)}  ${shown(value)}`);
  }
  if (checks.length > 0) terminal.out("");
  printChecks(terminal, checks);
  terminal.out("");
  terminal.out(
    `${diagnosis.ok ? terminal.style("green", "ok") : terminal.style("red", diagnosis.code)}: ${diagnosis.sentence}`,
  );
  if (diagnosis.command !== undefined) terminal.out(`  ${diagnosis.command}`);
}
