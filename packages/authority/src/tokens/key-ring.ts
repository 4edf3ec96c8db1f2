import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { Clock } from "@postern/core/time/clock";
import { addSeconds } from "@postern/core/time/epoch-seconds";
import { KEY_OVERLAP_SECONDS, keyStageAt } from "./key-life.ts";
import { makeSigningKey } from "./make-signing-key.ts";
import type { RandomBytes } from "./random-bytes.ts";
import { openPrivateKey } from "./sealed-private-key.ts";
import type { PublicJwk, SigningKey } from "./signing-key.ts";
import type { SigningKeyStore, StoredSigningKey } from "./signing-key-store.ts";

/** The keys of this deployment, opened and ready. Every answer is about this moment. */
export interface KeyRing {
  /** The key that signs. */
  readonly current: SigningKey;
  /** Every key that a living token may carry, and the one that signs next (RFC 7517 §5). */
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  /** The published keys, newest first. */
  readonly keys: readonly StoredSigningKey[];
  /**
   * Publishes a new key at once; it takes over `KEY_OVERLAP_SECONDS` later.
   *
   * @returns `undefined` while an earlier rotation has not taken over yet. One that will not for longer than two overlaps was made by a
   *   clock that ran ahead: it holds nothing up and never signs.
   */
  rotate(audit: (next: StoredSigningKey, previous: SigningKey) => AuditEvent): Promise<StoredSigningKey | undefined>;
  /** Destroys keys whose last token has expired. */
  forgetGone(audit: (key: StoredSigningKey) => AuditEvent): Promise<void>;
}

export interface KeyRingDeps {
  readonly store: SigningKeyStore;
  /** At least 32 bytes; the same at every start. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** Opens the stored keys, or makes the first one. @throws {Error} when the secret does not fit the stored keys. */
export async function openKeyRing(deps: KeyRingDeps): Promise<KeyRing> {
  if (deps.secret.length < 32) throw new RangeError("the secret must have at least 32 bytes");
  const stored = await deps.store.list();
  return new StoredKeyRing(stored.length > 0 ? stored : [await addFirstKey(deps)], deps);
}

class StoredKeyRing implements KeyRing {
  readonly #deps: KeyRingDeps;
  readonly #opened = new Map<string, SigningKey>();
  #stored: readonly StoredSigningKey[];

  constructor(stored: readonly StoredSigningKey[], deps: KeyRingDeps) {
    this.#deps = deps;
    this.#stored = stored;
    // Opened now: a wrong secret must stop the start, not an exchange an hour later.
    for (const key of stored) this.#open(key);
  }

  get current(): SigningKey {
    const now = this.#deps.clock.now();
    // Of those that may sign by the clock, the one that was added last. A clock that was set back may find none; the oldest is then the
    // one that verifiers have known longest (key-rotation.test.ts).
    const key = this.#stored.find((stored) => stored.signsFrom <= now) ?? this.#stored.at(-1);
    if (key === undefined) throw new Error("there is no signing key");
    return this.#open(key);
  }

  get jwks(): { readonly keys: readonly PublicJwk[] } {
    return { keys: this.keys.map((key) => key.publicJwk) };
  }

  get keys(): readonly StoredSigningKey[] {
    const now = this.#deps.clock.now();
    return this.#stored.filter((key) => keyStageAt(key, now) !== "gone");
  }

  async rotate(
    audit: (next: StoredSigningKey, previous: SigningKey) => AuditEvent,
  ): Promise<StoredSigningKey | undefined> {
    const { clock, secret, randomBytes, store } = this.#deps;
    const createdAt = clock.now();
    const previous = this.current;
    const next = makeSigningKey(
      { createdAt, signsFrom: addSeconds(createdAt, KEY_OVERLAP_SECONDS) },
      secret,
      randomBytes,
    );
    const added = await store.rotate(
      next,
      audit(next, previous),
      (newest) => newest.kid === previous.kid || newest.signsFrom > addSeconds(createdAt, 2 * KEY_OVERLAP_SECONDS),
    );
    // Also after a refusal, so that a rotation by another process is seen.
    this.#stored = await store.list();
    return added === "added" ? next : undefined;
  }

  async forgetGone(audit: (key: StoredSigningKey) => AuditEvent): Promise<void> {
    const now = this.#deps.clock.now();
    for (const key of this.#stored) {
      if (keyStageAt(key, now) !== "gone") continue;
      await this.#deps.store.remove(key.kid, audit(key));
      this.#stored = this.#stored.filter(({ kid }) => kid !== key.kid);
      this.#opened.delete(key.kid);
    }
  }

  #open({ kid, publicJwk, sealedPrivateKey }: StoredSigningKey): SigningKey {
    let key = this.#opened.get(kid);
    if (key === undefined) {
      key = { kid, publicJwk, privateKey: openPrivateKey(sealedPrivateKey, kid, this.#deps.secret) };
      this.#opened.set(kid, key);
    }
    return key;
  }
}

async function addFirstKey({ store, secret, clock, randomBytes }: KeyRingDeps): Promise<StoredSigningKey> {
  const now = clock.now();
  const key = makeSigningKey({ createdAt: now, signsFrom: now }, secret, randomBytes);
  await store.add(key, {
    event: "signing-key.create",
    outcome: "allowed",
    actor: { kind: "system", name: "postern", tokenId: undefined },
    resource: `signing-keys/${key.kid}`,
    requestId: "start",
    sourceAddress: undefined,
    detail: { alg: "ES256" },
  });
  return key;
}
