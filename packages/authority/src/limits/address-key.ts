import { isIPv6 } from "node:net";

/** Whom an address stands for: IPv4 as it is, IPv6 its /64, because one machine may take any address in it. */
export function addressKeyOf(address: string | undefined): string {
  if (address === undefined) return "unknown";
  const [bare = ""] = address.split("%", 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  if (mapped?.[1] !== undefined) return mapped[1];
  return isIPv6(bare) ? `${networkOf(bare)}::/64` : bare;
}

/** The first four groups, written out. */
function networkOf(address: string): string {
  const [head = "", tail] = address.split("::", 2);
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => "0"), ...right]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ""))
    .join(":");
}
