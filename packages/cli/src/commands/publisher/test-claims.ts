import type { ClaimSet } from "@postern/core/claims/claim-set";
import { type ClaimCheck, checkClaims } from "@postern/core/match/claim-check";
import { triggerSignalOf } from "@postern/core/match/trigger-signal";
import { PRESETS } from "@postern/core/provider/presets";
import { parseProviderId } from "@postern/core/provider/provider-id";
import type { ProviderPreset } from "@postern/core/provider/provider-preset";
import type { ClaimValue } from "@postern/core/publisher/publisher";
import type { CliContext } from "../../context/cli-context.ts";
import { checksIn, printChecks } from "../../explain/print-checks.ts";
import { readUnverifiedClaims } from "../../explain/unverified-job-claims.ts";
import { CliError, usageError } from "../../failure/cli-error.ts";
import { CommandExit } from "../../failure/command-exit.ts";
import { isRecord, type JsonRecord, recordsIn, textIn } from "../../http/json-value.ts";
import { loadSimulator } from "../../optional/load-simulator.ts";
import { openManagement } from "../../session/management.ts";
import type { PublisherPlace } from "./publisher-path.ts";
import type { TestOptions } from "./test-options.ts";

interface TestedPublisher {
  readonly id: string;
  readonly matches: boolean;
  readonly checks: readonly ClaimCheck[];
}

/**
 * Holds a simulated job's claims against the publishers that the hub lists, by the rules that the hub itself uses. Signature, times
 * and replay play no part: a local issuer signs for nobody.
 */
export async function testClaims(context: CliContext, place: PublisherPlace, options: TestOptions): Promise<void> {
  const listed = recordsIn(await openManagement(context).call(place.path), "publishers");
  const enabled = listed.filter((publisher) => publisher.enabled !== false);
  const provider = options.provider ?? textIn(enabled[0] ?? {}, "provider") ?? "github";
  const preset = presetOf(provider);
  const claims = await simulatedClaims(provider, options.claim ?? []);
  const tested = enabled
    .filter((publisher) => publisher.provider === provider)
    .map((publisher) => testOne(publisher, preset, claims));
  const granted = tested.some(({ matches }) => matches);
  const refusal = triggerSignalOf(preset, claims)?.code;
  if (options.json === true) context.terminal.json({ granted, provider, publishers: tested.map(serialise) });
  else print(context, place, tested, granted ? undefined : refusal);
  if (!granted) throw new CommandExit(1);
}

function presetOf(provider: string): ProviderPreset {
  const id = parseProviderId(provider);
  if (id !== undefined) return PRESETS[id];
  throw usageError(`'${provider}' is no provider.`, `Use one of: ${Object.keys(PRESETS).join(", ")}.`);
}

async function simulatedClaims(provider: string, overrides: readonly string[]): Promise<ClaimSet> {
  const module = await loadSimulator();
  const simulated = module.parseSimulatedProvider(provider);
  if (simulated === undefined)
    throw usageError(`'${provider}' cannot be simulated.`, "Give a real token: --token-file FILE.");
  let claims: ReturnType<typeof module.parseClaimOverrides>;
  try {
    claims = module.parseClaimOverrides(overrides);
  } catch (error) {
    if (error instanceof RangeError) throw usageError(error.message, "For example: --claim ref=refs/heads/main");
    throw error;
  }
  await using simulator = await module.startSimulator();
  const read = readUnverifiedClaims(await simulator.issueToken(simulated, { claims }));
  if (read === undefined) throw new CliError("The simulator made a token that cannot be read.");
  return read;
}

function testOne(publisher: JsonRecord, preset: ProviderPreset, claims: ClaimSet): TestedPublisher {
  const pinned: Record<string, ClaimValue> = {};
  for (const [name, value] of Object.entries(isRecord(publisher.claims) ? publisher.claims : {}))
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") pinned[name] = value;
  const checks = checkClaims(preset, claims, { claims: pinned });
  const signal = triggerSignalOf(preset, claims);
  const accepted =
    signal === undefined || (signal.unlessPinned !== undefined && Object.hasOwn(pinned, signal.unlessPinned));
  const matches = accepted && checks.length > 0 && checks.every(({ ok }) => ok);
  return { id: textIn(publisher, "id") ?? "?", matches, checks };
}

function serialise({ id, matches, checks }: TestedPublisher): JsonRecord {
  return { id, matches, checks: checks.map(({ got, ...check }) => ({ ...check, got: got ?? null })) };
}

function print(
  { terminal }: CliContext,
  place: PublisherPlace,
  tested: readonly TestedPublisher[],
  refusal: string | undefined,
): void {
  if (tested.length === 0) terminal.note(`No publisher of ${place.words} is about this provider.`);
  for (const publisher of tested) {
    const verdict = publisher.matches ? terminal.style("green", "lets the job in") : "does not let the job in";
    terminal.out(`publisher ${publisher.id} ${verdict}`);
    printChecks(terminal, checksIn(serialise(publisher)));
    terminal.out("");
  }
  if (refusal !== undefined) terminal.out(`Jobs of this kind are refused whatever their claims are: ${refusal}.`);
  terminal.note(
    "Checked here, against what the hub lists; a real token is also checked for signature, time and replay.",
  );
}
