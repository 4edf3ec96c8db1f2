/** A range of addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), or one address. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly prefix: number;
}

/** `undefined` when `text` is no address and no range, or names bits behind its prefix (`10.0.0.7/8` is a slip, not a range). */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = "", length, more] = text.split("/");
  if (more !== undefined) return undefined;
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  const width = parsed.family === 4 ? 32 : 128;
  if (length !== undefined && !/^(?:0|[1-9][0-9]{0,2})$/.test(length)) return undefined;
  const prefix = length === undefined ? width : Number(length);
  if (prefix > width) return undefined;
  const outside = (1n << BigInt(width - prefix)) - 1n;
  return (parsed.bits & outside) === 0n ? { ...parsed, prefix } : undefined;
}

/**
 * Is the address in one of the ranges? An IPv4 address that arrived on an IPv6 socket (`::ffff:192.0.2.1`) counts as IPv4.
 *
 * An unknown or unreadable address is in none: a pin that cannot be checked does not hold.
 */
export function isAddressIn(address: string | undefined, ranges: readonly string[]): boolean {
  const parsed = parseWithoutZone(address);
  if (parsed === undefined) return false;
  return ranges.some((text) => {
    const range = parseAddressRange(text);
    if (range === undefined || range.family !== parsed.family) return false;
    const shift = BigInt((range.family === 4 ? 32 : 128) - range.prefix);
    return parsed.bits >> shift === range.bits >> shift;
  });
}

/**
 * The network of an address as `isAddressIn` reads it: an IPv4 address itself, the first `prefix` bits of an IPv6 one (a multiple of 16).
 *
 * @returns `undefined` for an address that is missing or unreadable.
 */
export function networkOfAddress(address: string | undefined, prefix: 16 | 32 | 48 | 64): string | undefined {
  const parsed = parseWithoutZone(address);
  if (parsed === undefined) return undefined;
  const { family, bits } = parsed;
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join(".");
  const groups = Array.from({ length: prefix / 16 }, (_, index) => (bits >> BigInt(112 - 16 * index)) & 0xffffn);
  return `${groups.map((group) => group.toString(16)).join(":")}::/${prefix}`;
}

function parseWithoutZone(address: string | undefined): Omit<AddressRange, "prefix"> | undefined {
  return address === undefined ? undefined : parseAddress(address.split("%", 1)[0] ?? "");
}

function parseAddress(text: string): Omit<AddressRange, "prefix"> | undefined {
  const four = parseFour(text);
  if (four !== undefined) return { family: 4, bits: four };
  const six = parseSix(text);
  if (six === undefined) return undefined;
  return six >> 32n === 0xffffn ? { family: 4, bits: six & 0xffffffffn } : { family: 6, bits: six };
}

function parseFour(text: string): bigint | undefined {
  const parts = text.split(".");
  // A leading zero is octal to some programs and decimal to others.
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function parseSix(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map(groupsOf);
  const [before, after] = groups;
  if (before === undefined || (halves.length === 2 && after === undefined)) return undefined;
  const missing = 8 - before.length - (after?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...before, ...Array.from({ length: missing }, () => 0n), ...(after ?? [])];
  return all.reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** 16 bits each; the last part may be dotted (RFC 4291 §2.2). */
function groupsOf(half: string): readonly bigint[] | undefined {
  if (half === "") return [];
  const groups: bigint[] = [];
  const parts = half.split(":");
  for (const [index, part] of parts.entries()) {
    const four = index === parts.length - 1 ? parseFour(part) : undefined;
    if (four !== undefined) groups.push(four >> 16n, four & 0xffffn);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}
