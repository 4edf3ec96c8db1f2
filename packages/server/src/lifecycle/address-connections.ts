import type { Server } from "node:http";
import { BlockList, isIPv4, isIPv6, type Socket } from "node:net";
import { addressKeyOf } from "@postern/authority";

export interface AddressConnections {
  /** Connections at once from one address (IPv6: /64); 0 sets no limit. */
  readonly perAddress: number;
  /** Addresses and networks that speak for many and are not counted. */
  readonly trustedProxies: readonly string[];
  /** Told once when an address comes to its limit, and again only after it was below. */
  readonly onLimit: (address: string) => void;
}

/** Names that `trusted_proxies` may use for networks (fastify's `trustProxy`). */
const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  uniquelocal: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** Ends a connection at once, before it may ask anything, while its address holds as many as it may. */
export function limitAddressConnections(server: Server, limits: AddressConnections): void {
  if (limits.perAddress === 0) return;
  const proxies = trustList(limits.trustedProxies);
  const open = new Map<string, number>();
  const told = new Set<string>();
  server.on("connection", (socket: Socket) => {
    const address = addressKeyOf(socket.remoteAddress);
    if (socket.destroyed || isTrusted(proxies, socket)) return;
    const count = open.get(address) ?? 0;
    if (count >= limits.perAddress) {
      socket.destroy();
      if (!told.has(address)) limits.onLimit(address);
      told.add(address);
      return;
    }
    open.set(address, count + 1);
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
      told.delete(address);
    });
  });
}

/** Reads what fastify's `trustProxy` reads: addresses, networks by length or by mask, and the three names. */
function trustList(trustedProxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of trustedProxies.flatMap((proxy) => NAMED_NETWORKS[proxy] ?? [proxy])) {
    const [address = "", mask] = text.split("/", 2);
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (mask === undefined) list.addAddress(address, family);
    else list.addSubnet(address, isIPv4(mask) ? prefixOfMask(mask) : Number(mask), family);
  }
  return list;
}

function prefixOfMask(mask: string): number {
  const bits = mask.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return bits.join("").replaceAll("0", "").length;
}

function isTrusted(list: BlockList, { remoteAddress = "" }: Socket): boolean {
  const [address = ""] = remoteAddress.split("%", 1);
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
