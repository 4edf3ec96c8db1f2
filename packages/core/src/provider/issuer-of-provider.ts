import { type IssuerUrl, parseIssuerUrl } from "../issuer/issuer-url.ts";
import { PRESETS } from "./presets.ts";
import type { ProviderId } from "./provider-id.ts";

export type IssuerFit =
  | { readonly kind: "fits" }
  /** The host belongs to another preset: an issuer there must not be judged by other rules. */
  | { readonly kind: "other-preset"; readonly preset: ProviderId }
  | { readonly kind: "wrong-shape" };

/**
 * May an issuer at `url` be stored under `provider`?
 *
 * The attack: an issuer stored as `custom` (or `gitlab`) on GitHub's host would be matched without GitHub's tenant rule and triggers.
 *
 * @param allowOrigins - Exact origins that an administrator excepted; they also stand in for the preset's usual shape, for a local
 *   simulator or a test instance.
 */
export function fitIssuer(provider: ProviderId, url: IssuerUrl, allowOrigins: readonly string[]): IssuerFit {
  const { hostname, origin } = new URL(url);
  for (const preset of Object.values(PRESETS)) {
    // A trailing dot names the same host.
    const host = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
    if (preset.id !== provider && preset.ownHosts.some((own) => own.test(host)))
      return { kind: "other-preset", preset: preset.id };
  }
  const { issuerShapes, ownHosts } = PRESETS[provider];
  const fits = issuerShapes.length === 0 || issuerShapes.some((shape) => shape.test(url));
  // On its own hosts a provider's issuers have one shape, whatever is excepted: Entra's `common` stands for everybody's tenants.
  const owned = ownHosts.some((own) => own.test(hostname));
  return fits || (!owned && allowOrigins.includes(origin)) ? { kind: "fits" } : { kind: "wrong-shape" };
}

/** The issuer of a publisher that names none; `undefined` where the provider has no public one. */
export function defaultIssuerOf(provider: ProviderId): IssuerUrl | undefined {
  const [first] = PRESETS[provider].publicIssuers;
  return first === undefined ? undefined : parseIssuerUrl(first);
}
