import { expect, test } from "vitest";
import { parseClaimOverride, parseClaimOverrides } from "./parse-claim-override.ts";

test.each([
  ["ref=refs/heads/dev", "ref", "refs/heads/dev"],
  ["runner_id=1", "runner_id", "1"],
  ["runner_id:=1", "runner_id", 1],
  ["email_verified:=true", "email_verified", true],
  ['aud:=["a","b"]', "aud", ["a", "b"]],
  ['kubernetes.io:={"namespace":"ml"}', "kubernetes.io", { namespace: "ml" }],
  ["x:=null", "x", null],
  ['head_ref:=""', "head_ref", ""],
  ["environment=", "environment", undefined],
  ["ref=a=b:=c", "ref", "a=b:=c"],
  ["https://sts.amazonaws.com/:={}", "https://sts.amazonaws.com/", {}],
  ["__proto__=x", "__proto__", "x"],
] as const)("reads %s", (text, name, value) => {
  expect(parseClaimOverride(text)).toEqual({ kind: "override", name, value });
});

test.each(["", "ref", "=x", ":=1", "runner_id:=", "runner_id:=one", "x:={"])("refuses %j", (text) => {
  expect(parseClaimOverride(text).kind).toBe("malformed");
});

test("a later override replaces an earlier one, and a removal is kept apart from absence", () => {
  const overrides = parseClaimOverrides(["a=1", "a=2", "b="]);
  expect(Object.entries(overrides)).toEqual([
    ["a", "2"],
    ["b", undefined],
  ]);
  expect(() => parseClaimOverrides(["a=1", "nonsense"])).toThrow(RangeError);
});

test("a claim called __proto__ is only a claim", () => {
  const overrides = parseClaimOverrides(['__proto__:={"admin":true}']);
  expect(Object.getPrototypeOf(overrides)).toBe(Object.prototype);
  expect("admin" in overrides).toBe(false);
});
