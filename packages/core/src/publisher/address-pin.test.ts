import { describe, expect, it } from "vitest";
import { fitsPin, pinOfAddress } from "./address-pin.ts";

describe("pinOfAddress", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("pins %s to %s, which that address fits", (address, pin) => {
    expect(pinOfAddress(address)).toBe(pin);
    expect(fitsPin(address, pin)).toBe(true);
  });

  it.each([undefined, "", "unknown", "192.0.2.07", "192.0.2", "1:2:3", "203.0.113.0/24"])(
    "pins nothing to %j",
    (address) => {
      expect(pinOfAddress(address)).toBeUndefined();
    },
  );
});

describe("fitsPin", () => {
  it.each([
    ["192.0.2.8", "192.0.2.7"],
    ["2001:db8:1:3::1", "2001:db8:1:2::/64"],
    ["::192.0.2.7", "192.0.2.7"],
    ["192.0.2.7", "2001:db8:1:2::/64"],
    [undefined, "192.0.2.7"],
    ["unknown", "0:0:0:0::/64"],
    // What cannot be read must refuse, never let through.
    ["192.0.2.7", ""],
    ["192.0.2.7", "anywhere"],
  ])("refuses %j for the pin %s", (address, pin) => {
    expect(fitsPin(address, pin)).toBe(false);
  });

  it("takes any address of the same /64", () => {
    expect(fitsPin("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64")).toBe(true);
  });
});
