import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Issuer } from "@postern/core/issuer/issuer";
import { PRESETS } from "@postern/core/provider/presets";
import type { IssuerKey } from "./key-set.ts";
import { thumbprintsOf } from "./key-thumbprint.ts";

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
  /** Those added that wait for an administrator: they verify nothing until then. */
  readonly held: readonly string[];
  /** A provider's public issuer rotates as a matter of course; elsewhere somebody should have known of it. */
  readonly isExpected: boolean;
}

/**
 * Writes down when an issuer shows other keys than before, over restarts too: whoever takes over an issuer's domain must show keys of
 * their own (trusted-publishing §3, 41). Where keys are held, new ones are `issuer.keys_held`.
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
    const current = thumbprintsOf(keys);
    const seen = await this.#store.find(issuer.id);
    // Held from the start: what an administrator confirmed then is what came before.
    const before = seen ?? issuer.confirmedKeys ?? current;
    const added = current.filter((thumbprint) => !before.includes(thumbprint));
    const removed = before.filter((thumbprint) => !current.includes(thumbprint));
    if (added.length === 0 && removed.length === 0) {
      if (seen === undefined) await this.#store.remember(issuer.id, current, undefined);
      return;
    }
    const isExpected = PRESETS[issuer.provider].publicIssuers.some((url) => url === issuer.url);
    const held = added.filter((thumbprint) => issuer.confirmedKeys?.includes(thumbprint) === false);
    await this.#store.remember(issuer.id, current, {
      event: held.length === 0 ? "issuer.keys_changed" : "issuer.keys_held",
      outcome: held.length === 0 ? "allowed" : "denied",
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
        ...(held.length === 0 ? {} : { held }),
      },
    });
    this.#onChange({ issuer, added, removed, held, isExpected });
  }
}
