/** What a `Range` header asks of a representation of known length (RFC 9110 §14). `end` is inclusive. */
export type RequestedRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  | { readonly kind: "empty" }
  | { readonly kind: "unsatisfiable" };

/**
 * Reads one byte range. What is no range in bytes, is malformed, or asks for several is answered with the whole
 * (RFC 9110 §14.2: a server may ignore the header).
 *
 * Any range of an empty file is `empty`: the JavaScript client probes with `bytes=0-0` and fails on the 416 that the letter of
 * the RFC asks for (hub-wire §0, fact 11).
 *
 * @param size - Bytes of the whole representation.
 */
export function parseRange(header: string | undefined, size: number): RequestedRange {
  const [, first, last] = /^bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return { kind: "whole" };
  if (first === "") {
    const length = Number(last);
    if (size === 0) return { kind: "empty" };
    return length === 0
      ? { kind: "unsatisfiable" }
      : { kind: "part", start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return { kind: "whole" };
  if (size === 0) return { kind: "empty" };
  return start >= size ? { kind: "unsatisfiable" } : { kind: "part", start, end };
}
