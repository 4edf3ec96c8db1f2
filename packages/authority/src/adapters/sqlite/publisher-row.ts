import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { parseProviderId } from "@postern/core/provider/provider-id";
import { type ClaimValue, type IdentityChange, type Publisher, targetKeyOf } from "@postern/core/publisher/publisher";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { PublisherRow, PublisherStateRow } from "./authority-tables.ts";
import { columnsOfTarget, targetOfColumns } from "./target-columns.ts";

const NONE: readonly string[] = [];

export function rowOfPublisher(publisher: Publisher): PublisherRow {
  return {
    id: publisher.id,
    target_key: targetKeyOf(publisher.target),
    ...columnsOfTarget(publisher.target),
    provider: publisher.provider,
    issuer: publisher.issuer,
    claims: canonicalClaims(publisher.claims),
    access: publisher.access,
    ttl_seconds: publisher.ttlSeconds,
    source_addresses: JSON.stringify(publisher.sourceAddresses),
    pin_address: publisher.pinAddress === true ? 1 : 0,
    audience: publisher.audience ?? "",
    enabled: publisher.enabled ? 1 : 0,
    created_at: publisher.createdAt,
    created_by: publisher.createdBy,
    last_used_at: publisher.lastUsedAt ?? null,
  };
}

/** @throws {Error} when the row cannot be read: something other than this program wrote it. */
export function publisherOf(row: PublisherRow & PublisherStateRow): Publisher {
  const provider = parseProviderId(row.provider);
  const issuer = parseIssuerUrl(row.issuer);
  if (provider === undefined || issuer === undefined) throw new Error(`stored publisher ${row.id} cannot be read`);
  return {
    id: row.id,
    target: targetOfColumns(row),
    provider,
    issuer,
    claims: claimsOf(row),
    access: row.access,
    ttlSeconds: row.ttl_seconds,
    sourceAddresses: addressesOf(row),
    ...(row.pin_address === 1 ? { pinAddress: true } : {}),
    ...(row.audience === "" ? {} : { audience: row.audience }),
    enabled: row.enabled === 1,
    createdAt: epochSeconds(row.created_at),
    createdBy: row.created_by,
    lastUsedAt: row.last_used_at === null ? undefined : epochSeconds(row.last_used_at),
    ...stateOf(row),
  };
}

/** Equal claims give equal text, whatever order they were written in: the unique index then finds the duplicate. */
export function canonicalClaims(claims: Readonly<Record<string, ClaimValue>>): string {
  const members = Object.keys(claims)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(claims[name])}`);
  return `{${members.join(",")}}`;
}

/** A pin that cannot be read must refuse, never vanish. */
function addressesOf({ id, source_addresses: stored }: PublisherRow): readonly string[] {
  if (stored === "[]") return NONE;
  const parsed: unknown = JSON.parse(stored);
  if (!Array.isArray(parsed)) throw new Error(`stored publisher ${id} has unreadable addresses`);
  return parsed.map((range) => {
    if (typeof range !== "string") throw new Error(`stored publisher ${id} has an unreadable address`);
    return range;
  });
}

/** Equal changes give equal text, so that one that waits already is known again. */
export function canonicalChange({ kind, to }: IdentityChange): string {
  return `{"kind":${JSON.stringify(kind)},"to":${canonicalClaims(to)}}`;
}

/** A frozen publisher without a readable reason must stay frozen, hence the error. */
function stateOf(row: PublisherStateRow & { readonly id: string }): Pick<Publisher, "change" | "renamed"> {
  const change = row.change === null ? undefined : changeOf(row.id, row.change);
  if ((row.frozen === 1) !== (change?.kind === "transfer"))
    throw new Error(`stored publisher ${row.id} is half frozen`);
  return {
    ...(change === undefined ? {} : { change: { ...change, seenAt: epochSeconds(row.change_seen_at ?? 0) } }),
    ...(row.renamed === null
      ? {}
      : { renamed: { from: claimsOf({ id: row.id, claims: row.renamed }), at: epochSeconds(row.renamed_at ?? 0) } }),
  };
}

function changeOf(id: string, stored: string): IdentityChange {
  const parsed: unknown = JSON.parse(stored);
  if (typeof parsed === "object" && parsed !== null && "kind" in parsed && "to" in parsed) {
    const { kind, to } = parsed;
    if (kind === "rename" || kind === "transfer") return { kind, to: claimsOf({ id, claims: JSON.stringify(to) }) };
  }
  throw new Error(`stored publisher ${id} has an unreadable change`);
}

function claimsOf(row: Pick<PublisherRow, "id" | "claims">): Readonly<Record<string, ClaimValue>> {
  const parsed: unknown = JSON.parse(row.claims);
  if (typeof parsed !== "object" || parsed === null) throw new Error(`stored publisher ${row.id} has no claims`);
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => {
      // A claim that cannot be read must fail the match, never drop out of it.
      if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
        throw new Error(`stored publisher ${row.id} has an unreadable claim`);
      return [name, value];
    }),
  );
}
