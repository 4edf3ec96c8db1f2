import { describe, expect, it } from "vitest";
import { isBlockedAddress } from "./blocked-address.ts";

const BLOCKED = [
  "127.0.0.1",
  "127.255.255.255",
  "0.0.0.0",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "::ffff:7f00:1",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b:1::1",
  "2002:7f00:1::",
  "2001::1",
  "2001:db8::1",
  "fe80::1",
  "fe80::1%eth0",
  "fc00::1",
  "fd00:ec2::254",
  "fec0::1",
  "ff02::1",
  "localhost",
  "",
  "8.8.8.8 ",
];
const PUBLIC = [
  "8.8.8.8",
  "140.82.112.3",
  "172.15.255.255",
  "172.32.0.1",
  "100.128.0.1",
  "2606:4700::1111",
  "2a00:1450::1",
];

describe("isBlockedAddress", () => {
  it.each(BLOCKED)("blocks %j", (address) => expect(isBlockedAddress(address)).toBe(true));
  it.each(PUBLIC)("lets %s pass", (address) => expect(isBlockedAddress(address)).toBe(false));
});
