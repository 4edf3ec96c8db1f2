import type { Brand } from "@postern/core/brand/brand";

/** The name of a git object: 40 lower-case hex digits (SHA-1). */
export type ObjectId = Brand<string, "ObjectId">;

/** @returns `undefined` unless `text` is exactly 40 lower-case hex digits. */
export function parseObjectId(text: string): ObjectId | undefined {
  return /^[0-9a-f]{40}$/.test(text) ? (text as ObjectId) : undefined;
}
