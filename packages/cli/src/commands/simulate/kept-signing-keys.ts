import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { hubHomePath } from "@postern/client";
import type { SimulatedProviderId } from "@postern/simulator";
import type { CliContext } from "../../context/cli-context.ts";

type SigningKeys = Readonly<Partial<Record<SimulatedProviderId, KeyObject>>>;

/**
 * The keys of simulated issuers on a chosen port, the same in every run: a hub that was told to believe them fetches keys once and
 * would otherwise refuse the next run's tokens until it may ask again. On a free port there is nobody to remember them.
 *
 * They lie beside the tokens of this machine, readable by their owner only, and are worth nothing to a hub that does not believe a
 * simulator.
 */
export function keptSigningKeys(
  { env }: Pick<CliContext, "env">,
  providers: readonly SimulatedProviderId[],
  port: number,
): SigningKeys {
  if (port === 0) return {};
  const home = hubHomePath({ environment: env, homeDirectory: () => env.HOME ?? homedir() });
  const rsa = keptKey(join(home, "postern-simulator-rsa.pem"), () =>
    generateKeyPairSync("rsa", { modulusLength: 2048 }),
  );
  const ec = keptKey(join(home, "postern-simulator-ec.pem"), () => generateKeyPairSync("ec", { namedCurve: "P-384" }));
  // AWS signs with ES384, everybody else with RS256.
  return Object.fromEntries(providers.map((provider) => [provider, provider === "aws" ? ec : rsa]));
}

function keptKey(file: string, generate: () => { readonly privateKey: KeyObject }): KeyObject {
  try {
    return createPrivateKey(readFileSync(file));
  } catch {
    // None yet, or one that cannot be used: a new one takes its place.
    const { privateKey } = generate();
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    return privateKey;
  }
}
