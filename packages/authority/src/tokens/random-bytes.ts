/** Cryptographically random bytes; `node:crypto`'s in production, seeded ones in tests. */
export type RandomBytes = (size: number) => Uint8Array;
