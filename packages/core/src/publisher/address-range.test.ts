import { BlockList, isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAddressIn, parseAddressRange } from "./address-range.ts";

describe("parseAddressRange", () => {
  it.each([
    "192.0.2.1",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "2001:db8::/32",
    "::1",
    "::/0",
    "2001:db8:0:0:0:0:0:1",
    "64:ff9b::192.0.2.0/120",
  ])("reads %s", (text) => expect(parseAddressRange(text)).toBeDefined());

  it.each([
    "",
    "10.0.0.7/8",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/",
    "10.0.0/8",
    "010.0.0.1",
    "256.0.0.1",
    "1.2.3.4/8/8",
    "2001:db8::1::2",
    "2001:db8::1/32",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    ":1",
    "12345::",
    "::1.2.3.4.5",
    "example.com",
    " 10.0.0.1",
  ])("refuses %j", (text) => expect(parseAddressRange(text)).toBeUndefined());
});

describe("isAddressIn", () => {
  it.each<[string | undefined, readonly string[], boolean]>([
    ["10.1.2.3", ["10.0.0.0/8"], true],
    ["11.1.2.3", ["10.0.0.0/8"], false],
    ["11.1.2.3", ["10.0.0.0/8", "11.1.2.3"], true],
    ["::ffff:10.1.2.3", ["10.0.0.0/8"], true],
    ["10.1.2.3", ["::/0"], false],
    ["fe80::1%eth0", ["fe80::/10"], true],
    ["10.1.2.3", [], false],
    [undefined, ["0.0.0.0/0"], false],
    ["unknown", ["0.0.0.0/0"], false],
    ["10.1.2.3", ["no range"], false],
  ])("%s in %j: %s", (address, ranges, inside) => expect(isAddressIn(address, ranges)).toBe(inside));

  it("agrees with Node on random addresses and ranges", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(address, address, fc.nat(128), (one, other, bits) => {
        // Node lets ::/0 hold IPv4 too; here the families stay apart.
        fc.pre(isIPv4(one) === isIPv4(other));
        const family = isIPv4(other) ? "ipv4" : "ipv6";
        const prefix = Math.min(bits, family === "ipv4" ? 32 : 128);
        const range = parseAddressRange(other);
        if (range === undefined) return isIPv6(other);
        // The range that Node would make of it: bits behind the prefix do not count.
        const width = range.family === 4 ? 32 : 128;
        fc.pre(prefix <= width && (range.bits & ((1n << BigInt(width - prefix)) - 1n)) === 0n);
        fc.pre(range.family === (family === "ipv4" ? 4 : 6));
        const list = new BlockList();
        list.addSubnet(other, prefix, family);
        return isAddressIn(one, [`${other}/${prefix}`]) === list.check(one, isIPv4(one) ? "ipv4" : "ipv6");
      }),
      { numRuns: 500 },
    );
  });
});
