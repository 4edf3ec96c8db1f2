import { describe, expect, it } from "vitest";
import { isNearby } from "./ask-nearby.ts";

describe("isNearby", () => {
  it.each([
    [true, "http://localhost:40342"],
    [true, "http://127.0.0.1"],
    [true, "http://2130706433"],
    [true, "http://0x7f.1"],
    [true, "http://[::1]:8080"],
    [true, "http://169.254.169.254"],
    [true, "http://169.254.170.23"],
    [true, "http://[fe80::1]"],
    [true, "http://[fd00:ec2::23]"],
    [false, "http://10.0.0.1"],
    [false, "http://192.168.1.1"],
    [false, "http://169.255.0.1"],
    [false, "http://1127.0.0.1.example"],
    [false, "http://127.0.0.1.evil.example"],
    [false, "http://169.254.169.254.evil.example"],
    [false, "http://localhost.evil.example"],
    [false, "http://evil.example/127.0.0.1"],
    [false, "http://[fd00::1]"],
    [false, "http://[fec0::1]"],
    [false, "http://[2001:db8::169:254]"],
  ])("says %s to %s", (expected, url) => {
    expect(isNearby(new URL(url).hostname)).toBe(expected);
  });
});
