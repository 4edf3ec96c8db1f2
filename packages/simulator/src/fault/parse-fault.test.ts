import { expect, test } from "vitest";
import { FAULTS, formatFault, parseFault } from "./parse-fault.ts";

test("every listed fault is read, with and without its argument, and written back", () => {
  for (const { syntax } of FAULTS) {
    const texts = [syntax.replace(/\[.*\]$/, ""), syntax.replace("[:MS]", ":250")].map((t) =>
      t.replace("CLAIM", "jti"),
    );
    for (const text of texts) {
      const fault = parseFault(text);
      expect(fault, text).toBeDefined();
      if (fault !== undefined) expect(parseFault(formatFault(fault))).toEqual(fault);
    }
  }
});

test.each([
  ["slow-jwks:5000", { kind: "slow-jwks", delayMs: 5000 }],
  ["slow-jwks", { kind: "slow-jwks", delayMs: 30_000 }],
  ["missing-claim:kubernetes.io", { kind: "missing-claim", claim: "kubernetes.io" }],
  ["missing-claim:a:b", { kind: "missing-claim", claim: "a:b" }],
])("reads %s", (text, fault) => {
  expect(parseFault(text)).toEqual(fault);
});

test.each([
  ...["", "nonsense", "Expired", "expired:1", "missing-claim", "missing-claim:"],
  ...["slow-jwks:", "slow-jwks:-1", "slow-jwks:1e3", "slow-jwks:600001", "slow-jwks:9999999"],
])("refuses %j", (text) => {
  expect(parseFault(text)).toBeUndefined();
});
