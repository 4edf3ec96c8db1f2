import { createHmac, timingSafeEqual } from "node:crypto";
import type { AuditActor } from "@postern/core/audit/audit-event";
import { type EpochSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { type LfsOid, parseLfsOid } from "./lfs-oid.ts";

/**
 * What one signed transfer URL allows, and nothing else.
 *
 * LFS clients send no credentials to the URLs that a batch hands out (hub-wire §0, fact 3), so the URL itself carries the
 * authority. It is bound to one object of one repo and names the token that asked for it, so that it dies with that token.
 */
export type TransferTicket = TicketSubject &
  (
    | { readonly operation: "upload" }
    | { readonly operation: "verify" }
    | { readonly operation: "download" }
    | { readonly operation: "part"; readonly uploadId: string; readonly chunkSize: number; readonly partNumber: number }
    | { readonly operation: "complete"; readonly uploadId: string; readonly chunkSize: number }
  );

export type TransferOperation = TransferTicket["operation"];

/** What all tickets of one object in one batch have in common. */
export interface TicketSubject {
  readonly repoId: string;
  /** Whether everybody could read the repo then: whoever may read it only because of that loses the right when it becomes private. */
  readonly wasPublic: boolean;
  /** Whether it had a gate then; URLs from before the gate end with it. */
  readonly wasGated: boolean;
  /** The account whose grant opened the gate; the URL ends with that grant. */
  readonly grantee: string | undefined;
  /** The repo as the audit log names it: `models/acme/train`. */
  readonly resource: string;
  readonly oid: LfsOid;
  /** Bytes of the whole object. */
  readonly size: number;
  readonly expiresAt: EpochSeconds;
  /** Who asked, for the audit log; `tokenId` is `undefined` for an anonymous download. */
  readonly actor: AuditActor;
}

/** Keeps this signature from being valid anywhere else the same key might sign one day. */
const DOMAIN = "postern lfs transfer ticket v1\0";

/** The ticket as text for a URL: base64url JSON, a dot, and the HMAC-SHA256 over it. `key` has at least 32 bytes. */
export function sealTicket(ticket: TransferTicket, key: Uint8Array): string {
  const payload = Buffer.from(JSON.stringify(ticket)).toString("base64url");
  return `${payload}.${signatureOf(payload, key).toString("base64url")}`;
}

/** @returns `undefined` unless `sealed` was made with this key, unchanged. Expiry is the caller's to check. */
export function openTicket(sealed: string, key: Uint8Array): TransferTicket | undefined {
  const [payload, signature, ...rest] = sealed.split(".");
  if (payload === undefined || signature === undefined || rest.length > 0) return undefined;
  const given = Buffer.from(signature, "base64url");
  const expected = signatureOf(payload, key);
  // One spelling per signature: base64url decoding forgives, and a second spelling of a URL would slip past a block list.
  if (given.length !== expected.length || given.toString("base64url") !== signature) return undefined;
  if (!timingSafeEqual(given, expected)) return undefined;
  return readTicket(JSON.parse(Buffer.from(payload, "base64url").toString()));
}

function signatureOf(payload: string, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(DOMAIN).update(payload).digest();
}

/** Narrows what our own signature vouches for; anything unexpected is a ticket of another version, hence none. */
function readTicket(value: unknown): TransferTicket | undefined {
  const subject = readSubject(value);
  if (subject === undefined || !isObject(value)) return undefined;
  const { operation, uploadId, chunkSize, partNumber } = value;
  if (operation === "upload" || operation === "verify" || operation === "download") return { ...subject, operation };
  if (typeof uploadId !== "string" || typeof chunkSize !== "number") return undefined;
  if (operation === "complete") return { ...subject, operation, uploadId, chunkSize };
  if (operation !== "part" || typeof partNumber !== "number") return undefined;
  return { ...subject, operation, uploadId, chunkSize, partNumber };
}

function readSubject(value: unknown): TicketSubject | undefined {
  if (!isObject(value)) return undefined;
  const { repoId, wasPublic, wasGated, grantee, resource, size, expiresAt } = value;
  const oid = typeof value.oid === "string" ? parseLfsOid(value.oid) : undefined;
  const actor = readActor(value.actor);
  if (typeof repoId !== "string" || typeof resource !== "string" || oid === undefined) return undefined;
  if (typeof wasPublic !== "boolean" || typeof wasGated !== "boolean") return undefined;
  if (grantee !== undefined && typeof grantee !== "string") return undefined;
  if (typeof size !== "number" || typeof expiresAt !== "number" || actor === undefined) return undefined;
  return { repoId, wasPublic, wasGated, grantee, resource, oid, size, expiresAt: epochSeconds(expiresAt), actor };
}

function readActor(value: unknown): AuditActor | undefined {
  if (!isObject(value)) return undefined;
  const { kind, name, tokenId } = value;
  if (kind !== "anonymous" && kind !== "user" && kind !== "workload" && kind !== "system") return undefined;
  if (typeof name !== "string" || (tokenId !== undefined && typeof tokenId !== "string")) return undefined;
  return { kind, name, tokenId };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
