import { cell, isRecord, type JsonRecord } from "../../../http/json-value.ts";
import type { WantedPublisher, WantedRepo } from "./publishers-file.ts";

/** What has to happen to one publisher. */
export type PublisherChange =
  | { readonly kind: "keep"; readonly id: string; readonly shown: string }
  | { readonly kind: "add"; readonly wanted: WantedPublisher; readonly shown: string }
  /** Fields of a publisher never change in place: it is removed, with the tokens that it earned, and added anew. */
  | {
      readonly kind: "replace";
      readonly id: string;
      readonly wanted: WantedPublisher;
      readonly shown: string;
      readonly differences: readonly string[];
    }
  | { readonly kind: "remove"; readonly id: string; readonly shown: string }
  /** Stored and not in the file; it stays, because the file does not say `prune`. */
  | { readonly kind: "extra"; readonly id: string; readonly shown: string };

/** Lays the file beside what is stored. The same inputs give the same plan, and a carried out plan gives one without changes. */
export function planRepo({ publishers, prune }: WantedRepo, stored: readonly JsonRecord[]): readonly PublisherChange[] {
  const left = new Map(stored.map((publisher) => [cell(publisher, "id"), publisher]));
  const changes: PublisherChange[] = publishers.map((wanted): PublisherChange => {
    const match = [...left].find(([, publisher]) => identityOf(publisher) === wantedIdentity(wanted));
    const shown = show(wanted.draft.provider, wanted.draft.claims);
    if (match === undefined) return { kind: "add", wanted, shown };
    const [id, publisher] = match;
    left.delete(id);
    const differences = differencesOf(publisher, wanted);
    return differences.length === 0 ? { kind: "keep", id, shown } : { kind: "replace", id, wanted, shown, differences };
  });
  const rest = [...left].map(([id, publisher]): PublisherChange => {
    const shown = show(cell(publisher, "provider"), isRecord(publisher.claims) ? publisher.claims : {});
    return { kind: prune ? "remove" : "extra", id, shown };
  });
  return [...changes, ...rest];
}

/** Issuer and claims say which jobs; everything else is what they get. */
function identityOf(publisher: JsonRecord): string {
  return JSON.stringify([publisher.issuer, sorted(isRecord(publisher.claims) ? publisher.claims : {})]);
}

function wantedIdentity({ draft }: WantedPublisher): string {
  return JSON.stringify([draft.issuer, sorted(draft.claims)]);
}

function sorted(claims: JsonRecord): readonly (readonly [string, unknown])[] {
  return Object.entries(claims).sort(([a], [b]) => (a < b ? -1 : 1));
}

function differencesOf(publisher: JsonRecord, { draft }: WantedPublisher): readonly string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["access", publisher.access, draft.access],
    ["ttl_seconds", publisher.ttl_seconds, draft.ttlSeconds],
    ["source_addresses", publisher.source_addresses ?? [], draft.sourceAddresses],
    ["pin_address", publisher.pin_address ?? false, draft.pinAddress],
    ["audience", publisher.audience, draft.audience],
  ];
  return pairs
    .filter(([, is, wanted]) => JSON.stringify(is) !== JSON.stringify(wanted))
    .map(([name, is, wanted]) => `${name}: ${JSON.stringify(is) ?? "none"} -> ${JSON.stringify(wanted) ?? "none"}`);
}

function show(provider: string, claims: JsonRecord): string {
  const words = Object.entries(claims).map(([name, value]) => `${name}=${String(value)}`);
  return `${provider} ${words.join(" ")}`;
}
