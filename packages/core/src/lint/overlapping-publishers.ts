import type { ProviderPreset } from "../provider/provider-preset.ts";
import type { ClaimValue, Publisher } from "../publisher/publisher.ts";
import { riskyTriggerOf } from "./risky-trigger.ts";

/** Do both name the very same jobs? */
export function sameJobs(a: Publisher, b: Publisher): boolean {
  return a.issuer === b.issuer && covers(a.claims, b.claims) && covers(b.claims, a.claims);
}

/** Does `other` let in whatever `publisher` does, with no smaller right, from no fewer addresses, and more? */
export function isBroader(other: Publisher, publisher: Publisher, preset: ProviderPreset): boolean {
  if (other.id === publisher.id || other.issuer !== publisher.issuer) return false;
  if (other.access === "read" && publisher.access === "write") return false;
  // One that is tied to other addresses lets in other jobs.
  if (other.sourceAddresses.length > 0 && String(other.sourceAddresses) !== String(publisher.sourceAddresses))
    return false;
  if (!covers(other.claims, publisher.claims) || covers(publisher.claims, other.claims)) return false;
  // A pinned trigger opens what the broader one keeps shut, so the two describe different jobs.
  return riskyTriggerOf(publisher, preset) === undefined;
}

/** Is every condition of `a` also one of `b`? */
function covers(a: Readonly<Record<string, ClaimValue>>, b: Readonly<Record<string, ClaimValue>>): boolean {
  return Object.entries(a).every(([name, value]) => Object.hasOwn(b, name) && b[name] === value);
}
