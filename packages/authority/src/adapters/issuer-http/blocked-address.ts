import { BlockList, isIP, isIPv4 } from "node:net";

/** Ranges that no public issuer lives in: ours, our neighbours', the cloud's metadata service (IANA special-purpose registries). */
const BLOCKED = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  BLOCKED.addSubnet(network, prefix, "ipv4");

/** Global unicast, the only part of IPv6 where a public host lives; everything outside of it is blocked. */
const GLOBAL_UNICAST = new BlockList();
GLOBAL_UNICAST.addSubnet("2000::", 3, "ipv6");
for (const [network, prefix] of [
  // Teredo, ORCHID, documentation.
  ["2001::", 23],
  ["2001:db8::", 32],
  ["3fff::", 20],
  // 6to4 embeds an IPv4 address that could be private.
  ["2002::", 16],
] as const)
  BLOCKED.addSubnet(network, prefix, "ipv6");

/**
 * True for an address that a request on a stranger's behalf must not reach (SSRF): loopback, private, link-local, metadata, unique
 * local, carrier NAT, multicast, reserved; and IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4), whatever it is.
 */
export function isBlockedAddress(address: string): boolean {
  if (isIP(address) === 0) return true;
  if (isIPv4(address)) return BLOCKED.check(address, "ipv4");
  return !GLOBAL_UNICAST.check(address, "ipv6") || BLOCKED.check(address, "ipv6");
}
