import { strict as assert } from "node:assert";
import { type AuditEntry, type AuditHead, EMPTY_HEAD } from "../../audit/audit-entry.ts";
import { verifyChain } from "../../audit/verify-chain.ts";
import type { RestartableAuthority } from "./restartable-authority.contract.ts";

/** The part of the audit log that one run writes. */
export class RunAudit {
  readonly #authority: RestartableAuthority;
  readonly #entries: AuditEntry[] = [];
  #begin: AuditHead = EMPTY_HEAD;

  constructor(authority: RestartableAuthority) {
    this.#authority = authority;
  }

  /** What is written from now on is this run's. */
  async begin(): Promise<void> {
    this.#begin = await this.#authority.parts.audit.head();
  }

  /** The entries since the last call. @param expected - How many there must be. */
  async take(expected?: number): Promise<readonly AuditEntry[]> {
    const seq = this.#entries.at(-1)?.seq ?? this.#begin.seq;
    const entries = await this.#authority.parts.audit.entriesAfter(seq, 1000);
    if (expected !== undefined) assert.equal(entries.length, expected, "other audit entries than what was done");
    this.#entries.push(...entries);
    return entries;
  }

  /** The chain is whole, and it names exactly the tokens that were granted, in store and answers alike. */
  async verify(grantedIds: readonly string[], issuerUrls: readonly string[]): Promise<void> {
    await this.take(0);
    const { audit, database } = this.#authority.parts;
    const verdict = verifyChain(this.#entries, { after: this.#begin, knownHead: await audit.head() });
    assert.equal(verdict.kind, "intact");
    const written = this.#entries.filter(({ event, outcome }) => event === "token.exchange" && outcome === "allowed");
    const ids = written.map(({ detail }) => String(JSON.parse(detail).jti));
    assert.deepEqual(ids.toSorted(), grantedIds.toSorted(), "grants and their entries differ");
    const stored: readonly unknown[] = database.connection
      .prepare(`select token_id from grants where issuer in (${issuerUrls.map(() => "?").join(", ")})`)
      .pluck()
      .all(...issuerUrls);
    for (const id of stored) assert.ok(ids.includes(String(id)), "a stored grant has no entry");
  }
}
