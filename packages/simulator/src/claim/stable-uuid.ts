import { createHash } from "node:crypto";

/** A UUID (version 8, RFC 9562 §5.8) that is the same on every run for the same kind and name, and differs between kinds. */
export function stableUuid(kind: string, name: string): string {
  const hex = createHash("sha256").update(`uuid\0${kind}\0${name}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(12, 15)}`, `8${hex.slice(15, 18)}`, hex.slice(18, 30)].join(
    "-",
  );
}
