import { createHash } from "node:crypto";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Issuer } from "@postern/core/issuer/issuer";
import { PRESETS } from "@postern/core/provider/presets";
import { type IssuerKey, publicMembers } from "./key-set.ts";

/** Port: the keys that an issuer was last seen with. */
export interface SeenKeysStore {
  /** Thumbprints, sorted; `undefined` for an issuer that was never fetched. */
  find(issuerId: string): Promise<readonly string[] | undefined>;
  /** @param audit - Commits together with the new list; none at the first sight. */
  remember(issuerId: string, thumbprints: readonly string[], audit: AuditEvent | undefined): Promise<void>;
}

/** A change of keys, for the operator's log. */
export interface KeyChange {
  readonly issuer: Issuer;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** A provider's public issuer rotates as a matter of course; elsewhere somebody should have known of it. */
  readonly isExpected: boolean;
}

/**
 * Writes down when an issuer shows other keys than before, over restarts too: whoever takes over an issuer's domain must show keys of
 * their own (trusted-publishing §3, 41).
 */
export class IssuerKeyWatch {
  readonly #store: SeenKeysStore;
  readonly #onChange: (change: KeyChange) => void;

  constructor(store: SeenKeysStore, onChange: (change: KeyChange) => void) {
    this.#store = store;
    this.#onChange = onChange;
  }

  /** Resolves once the change is recorded. @throws {ApiError} `audit_unavailable`; the keys must then not be used. */
  async see(issuer: Issuer, keys: readonly IssuerKey[]): Promise<void> {
    const current = [...new Set(keys.map(thumbprintOf))].sort();
    const before = await this.#store.find(issuer.id);
    if (before === undefined) return this.#store.remember(issuer.id, current, undefined);
    const added = current.filter((thumbprint) => !before.includes(thumbprint));
    const removed = before.filter((thumbprint) => !current.includes(thumbprint));
    if (added.length === 0 && removed.length === 0) return;
    const isExpected = PRESETS[issuer.provider].publicIssuers.some((url) => url === issuer.url);
    await this.#store.remember(issuer.id, current, {
      event: "issuer.keys_changed",
      outcome: "allowed",
      actor: { kind: "system", name: "key fetch", tokenId: undefined },
      resource: `issuers/${issuer.id}`,
      requestId: "key-fetch",
      sourceAddress: undefined,
      detail: {
        url: issuer.url,
        provider: issuer.provider,
        old: before,
        new: current,
        added,
        removed,
        expected: isExpected,
      },
    });
    this.#onChange({ issuer, added, removed, isExpected });
  }
}

/** RFC 7638 §3.2: the required members, sorted, without blanks. */
function thumbprintOf({ jwk }: IssuerKey): string {
  const members = Object.entries(publicMembers(jwk)).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest("base64url");
}
