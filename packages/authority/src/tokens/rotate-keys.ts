import type { AuditEvent } from "@postern/core/audit/audit-event";
import { ApiError } from "@postern/core/error/api-error";
import type { Clock } from "@postern/core/time/clock";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import { type Caller, changeEvent, requireAdministrator, requireReadingAdministrator } from "../accounts/caller.ts";
import type { KeyRing } from "./key-ring.ts";
import type { StoredSigningKey } from "./signing-key-store.ts";

export interface KeyDeps {
  readonly keyRing: KeyRing;
  readonly clock: Clock;
}

const SECONDS_PER_DAY = 86_400;

/** @throws {ApiError} `unauthenticated`, `forbidden`. */
export function listKeys(caller: Caller, { keyRing }: KeyDeps): readonly StoredSigningKey[] {
  requireReadingAdministrator(caller);
  return keyRing.keys;
}

/** @throws {ApiError} `unauthenticated`, `forbidden`; `conflict` while an earlier rotation has not taken over yet. */
export async function rotateKeys(caller: Caller, { keyRing }: KeyDeps): Promise<StoredSigningKey> {
  requireAdministrator(caller);
  const next = await keyRing.rotate((key, { kid }) =>
    changeEvent(caller, "signing-key.rotate", resourceOf(key), { previous: kid, signs_from: toIsoTime(key.signsFrom) }),
  );
  if (next !== undefined) return next;
  throw new ApiError("conflict", "A new key is published already and does not sign yet.", {
    remedy: "Look at GET /keys: try again once the newest key signs.",
  });
}

/**
 * Rotates when the newest key was made more than `rotateAfterDays` ago, and destroys keys that nothing needs. Called now and then; which call does
 * the work follows from the stored times, so a server that was off rotates when it is back.
 */
export async function rotateKeysWhenDue(
  rotateAfterDays: number | undefined,
  { keyRing, clock }: KeyDeps,
): Promise<void> {
  await keyRing.forgetGone((key) => systemEvent("signing-key.remove", key, {}));
  const [newest] = keyRing.keys;
  if (newest === undefined || rotateAfterDays === undefined) return;
  // Either way: a key from a clock that ran ahead by more than its life would else never be due.
  if (Math.abs(clock.now() - newest.createdAt) < rotateAfterDays * SECONDS_PER_DAY) return;
  await keyRing.rotate((key, { kid }) =>
    systemEvent("signing-key.rotate", key, { previous: kid, signs_from: toIsoTime(key.signsFrom) }),
  );
}

function resourceOf({ kid }: StoredSigningKey): string {
  return `signing-keys/${kid}`;
}

function systemEvent(event: string, key: StoredSigningKey, detail: AuditEvent["detail"]): AuditEvent {
  return {
    event,
    outcome: "allowed",
    actor: { kind: "system", name: "scheduled rotation", tokenId: undefined },
    resource: resourceOf(key),
    requestId: "schedule",
    sourceAddress: undefined,
    detail,
  };
}
